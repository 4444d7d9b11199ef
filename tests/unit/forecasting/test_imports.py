"""What serves must not pay for what only a worker or a report needs."""

import subprocess
import sys
from pathlib import Path

import pytest

import forecasting

MODULES = sorted(
    f"forecasting.{path.stem}" for path in Path(str(forecasting.__file__)).parent.glob("[a-z]*.py")
)


@pytest.mark.parametrize("heavy", ["statsmodels", "pandas", "scipy", "holidays"])
def test_heavy_packages_are_not_imported(heavy: str) -> None:
    program = f"import sys, {', '.join(MODULES)}; print({heavy!r} in sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert "False" == done.stdout.strip()
