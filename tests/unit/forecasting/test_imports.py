"""What serves must not pay for what only a worker or a report needs."""

import subprocess
import sys
from pathlib import Path

import forecasting

MODULES = sorted(
    f"forecasting.{path.stem}" for path in Path(str(forecasting.__file__)).parent.glob("[a-z]*.py")
)


HEAVY = {"statsmodels", "pandas", "scipy", "holidays"}


def test_heavy_packages_are_not_imported() -> None:
    program = f"import sys, {', '.join(MODULES)}; print({HEAVY!r} & set(sys.modules))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert "set()" == done.stdout.strip()
