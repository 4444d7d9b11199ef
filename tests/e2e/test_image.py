"""The Dockerfile's steps, carried out: what they make serves, and says that it is well."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.image import Stage, build
from tests.e2e.processes import PATIENCE
from tests.integration.prometheus import free_port

DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return build(DOCKERFILE, root=tmp_path_factory.mktemp("image"))


@contextmanager
def running(image: Stage, *, folder: Path, ops: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The image's own command, at ports that nobody else has."""
    config = folder / "config.yaml"
    config.write_text(f"ops: {{address: '127.0.0.1:{ops}'}}\ngrpc: {{address: '127.0.0.1:0'}}\n")
    command = [*image.entrypoint, *image.command, "--config", str(config)]
    with subprocess.Popen(
        command, cwd=folder, env=image.variables(), executable=_found(image, command[0])
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _found(image: Stage, name: str) -> str:
    return str(image.root / "opt/forescale/bin" / name)


def healthy(image: Stage, *, ops: int) -> bool:
    """What the health check says, asked at the port that stands for the image's own."""
    command = [re.sub(r"\b8080\b", str(ops), word) for word in image.health]
    return not subprocess.run(
        command,
        env=image.variables(),
        executable=_found(image, command[0]),
        capture_output=True,
        check=False,
    ).returncode


def test_what_the_dockerfile_makes_serves_and_is_healthy(image: Stage, tmp_path: Path) -> None:
    ops = free_port()
    assert not healthy(image, ops=ops)

    with running(image, folder=tmp_path, ops=ops) as process:
        deadline = time.perf_counter() + PATIENCE
        while not healthy(image, ops=ops):
            assert process.poll() is None
            assert time.perf_counter() < deadline
            time.sleep(0.2)


def test_the_image_runs_as_nobody_and_without_what_only_developers_need(image: Stage) -> None:
    packages = {path.name for path in (image.root / "opt/forescale").glob("lib/*/site-packages/*")}

    assert {"scaler", "forecasting"} <= packages
    assert not {"pytest", "mypy", "hypothesis", "tests"} & packages
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image.user)
