"""What a run showed, for the documentation: kept where E2E_SHOWN names a folder."""

import os
from pathlib import Path


def keep(name: str, text: str) -> None:
    """Write `text` into the folder, if there is to be one."""
    if folder := os.environ.get("E2E_SHOWN"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / name).write_text(text)
