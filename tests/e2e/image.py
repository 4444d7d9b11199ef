"""Carries out a Dockerfile without Docker: its steps run in folders of this machine.

Every absolute path that the Dockerfile names is moved under a root; the base image is a virtual
environment of the Python that runs the tests. What is not understood is an error.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

MOVED = ("/opt", "/src")
"""Folders that the Dockerfile makes."""


@attrs.define(kw_only=True)
class Stage:
    """One stage: its folders are below `root`, its Python is `python`."""

    root: Path
    python: Path
    environment: dict[str, str] = attrs.field(factory=dict)
    folder: str = "/"
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    health: Sequence[str] = ()
    user: str = ""

    def moved(self, text: str) -> str:
        """`text` with its paths under the root."""
        return re.sub(rf"(?<![\w/])({'|'.join(MOVED)})\b", rf"{self.root}\1", text)

    def variables(self) -> Mapping[str, str]:
        """What processes of the stage see."""
        found = {**os.environ, "PATH": f"{self.python}/bin:{os.environ['PATH']}"}
        for name, value in self.environment.items():
            found[name] = self.moved(value).replace("$PATH", found["PATH"])
        return found

    def run(self, line: str) -> None:
        """Run a command as the stage would; it must succeed."""
        done = subprocess.run(
            ["/bin/sh", "-c", self.moved(line)],
            cwd=self._inside(self.folder),
            env=self.variables(),
            text=True,
            capture_output=True,
            check=False,
        )
        assert not done.returncode, f"{line}: {done.stdout}{done.stderr}"

    def copy(self, sources: Sequence[str], target: str, *, context: Path) -> None:
        """Copy files, and what is in folders, as COPY does."""
        into = self._inside(str(Path(self.folder, target)))
        for source in sources:
            found = context / source
            if found.is_dir():
                shutil.copytree(found, into, dirs_exist_ok=True, symlinks=True)
            else:
                shutil.copy(found, into)

    def _inside(self, path: str) -> Path:
        found = self.root / path.lstrip("/")
        found.mkdir(parents=True, exist_ok=True)
        return found


def build(dockerfile: Path, *, root: Path) -> Stage:
    """Carry out every step, and return the last stage."""
    context = _context(dockerfile.parent, into=root / "context")
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for word, rest in _steps(dockerfile.read_text()):
        if word == "ARG":
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif word == "FROM":
            image, _, name = rest.partition(" AS ")
            assert image.startswith("python:"), image
            assert re.search(r"\d+\.\d+\.\d+", _filled(image, arguments)), f"{image}: no version"
            stage = _begun(root / (name or "last"))
            stages[name] = stage
        else:
            assert stage is not None
            _carry_out(stage, word, rest, context=context, stages=stages)
    assert stage is not None
    return stage


def _carry_out(
    stage: Stage, word: str, rest: str, *, context: Path, stages: Mapping[str, Stage]
) -> None:
    if word == "COPY":
        words = shlex.split(rest)
        if words[0].startswith("--from="):
            context = stages[words.pop(0).removeprefix("--from=")].root
        *sources, target = words
        stage.copy([source.lstrip("/") for source in sources], target, context=context)
    elif word in _KEPT:
        setattr(stage, *_KEPT[word](rest))
    else:
        assert word in {"RUN", "ENV", "EXPOSE"}, f"{word}: not known here"
        if word == "RUN":
            stage.run(rest)
        elif word == "ENV":
            pairs = (part.partition("=") for part in shlex.split(rest))
            stage.environment |= {name: value for name, _, value in pairs}


_KEPT: Mapping[str, Callable[[str], tuple[str, object]]] = {
    "WORKDIR": lambda rest: ("folder", rest),
    "USER": lambda rest: ("user", rest),
    "HEALTHCHECK": lambda rest: ("health", json.loads(rest.partition("CMD ")[2])),
    "ENTRYPOINT": lambda rest: ("entrypoint", json.loads(rest)),
    "CMD": lambda rest: ("command", json.loads(rest)),
}


def _steps(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word, rest.strip()


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], text)


def _begun(root: Path) -> Stage:
    root.mkdir(parents=True)
    python = root / "python"
    subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
    return Stage(root=root, python=python)


def _context(source: Path, *, into: Path) -> Path:
    """What the builder is sent: everything, but for what `.dockerignore` leaves out."""
    ignore = (source / ".dockerignore").read_text().split()
    kept = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    left = [line.removeprefix("**/") for line in ignore if line.startswith("**/")]
    assert ignore[0] == "*"
    assert len(ignore) == 1 + len(kept) + len(left)
    into.mkdir(parents=True)
    for name in kept:
        found = source / name
        if found.is_dir():
            shutil.copytree(found, into / name, ignore=shutil.ignore_patterns(*left))
        else:
            shutil.copy(found, into / name)
    assert not [
        path for path in into.rglob("*") if any(fnmatch.fnmatch(path.name, p) for p in left)
    ]
    return into
