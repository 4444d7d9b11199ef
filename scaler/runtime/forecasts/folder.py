"""Files of bases: which there are. What is in them is the forecasting process's business."""

from importlib.metadata import version
from pathlib import Path

SUFFIX = ".base"


def folder_in(state: Path) -> Path:
    """Where bases are kept; those of another version are of no use to this one."""
    return state / "forecasts" / version("forescale")


def path_of(folder: Path, name: str, *, base: int) -> Path:
    """The file of one base."""
    return folder / f"{name}-{base}{SUFFIX}"


def bases(folder: Path, name: str) -> list[int]:
    """When the bases that are kept under `name` were learned, oldest first."""
    ends = (path.stem.removeprefix(f"{name}-") for path in folder.glob(f"{name}-*{SUFFIX}"))
    return sorted(int(end) for end in ends if end.isdigit())
