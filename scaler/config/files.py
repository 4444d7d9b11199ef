"""Files that settings name and that are rotated while the service runs."""

from collections.abc import Iterable
from pathlib import Path

Stamps = tuple[tuple[int, int], ...]
"""What tells one version of some files from the next."""


def stamps(names: Iterable[str | None]) -> Stamps:
    """The stamps of the files as they are now; no name is no file.

    Raises:
        OSError: one of them is not there.
    """
    found = (Path(name).stat() for name in names if name)
    return tuple((each.st_mtime_ns, each.st_ino) for each in found)
