import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from scaler.cli import COMMANDS, group
from scaler.cli.serve import command as serve


def run(*args: str, stdin: str = "", **environ: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(group, args, env=environ, input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_help_names_every_command() -> None:
    code, out, _ = run("--help")
    assert 0 == code
    assert [] == [name for name in COMMANDS if name not in out]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    code, out, _ = run(name, "--help")
    assert 0 == code
    assert "Usage:" in out


def test_unknown_command_is_bad_usage() -> None:
    assert 2 == run("srve")[0]


def test_bad_config_is_bad_usage_and_every_problem_a_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("settle: soon\nlog: {levelz: info}")
    code, out, err = run("serve", "--config", str(path))
    assert (2, "") == (code, out)
    assert 2 == len(err.splitlines())
    assert "forescale: log.levelz: unknown key (did you mean 'level'?)" in err


def test_config_can_come_from_the_environment(tmp_path: Path) -> None:
    code, _, err = run("serve", FORESCALE_CONFIG=str(tmp_path / "missing.yaml"))
    assert 2 == code
    assert "missing.yaml: cannot be read" in err


def test_every_option_has_an_environment_variable() -> None:
    config = next(parameter for parameter in serve.params if parameter.name == "config")
    assert "FORESCALE_CONFIG" == config.envvar


@pytest.mark.parametrize("workload", ["llama", "a/b/c", "/b", "a/"])
def test_workload_that_is_none_is_bad_usage(workload: str) -> None:
    code, _, err = run("explain", workload)
    assert 2 == code
    assert "NAMESPACE/NAME" in err


def test_service_that_does_not_answer_is_a_problem_in_one_sentence() -> None:
    code, out, err = run("explain", "models/llama", "--server", "http://127.0.0.1:1")
    assert (1, "") == (code, out)
    assert "no answer of a Forescale service" in err
    assert 1 == len(err.splitlines())


def test_command_line_starts_without_the_modules_of_any_command() -> None:
    program = "import sys, scaler.cli; print('grpc' in sys.modules, 'numpy' in sys.modules)"
    found = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert "False False" == found.stdout.strip()


def test_adapter_needs_a_login(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    for name in ("install", "uninstall"):
        code, _, err = run("adapter", name, KUBECONFIG=missing)
        assert (1, True) == (code, "there is no login to a cluster" in err)
