"""Numbers kept in files: arrays and a document beside them, and nothing that could be run."""

import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import orjson
from numpy.typing import NDArray

_DOCUMENT = "document.json"


@attrs.frozen(kw_only=True, eq=False)
class Kept:
    """What one file holds."""

    document: Mapping[str, Any]
    """Whatever JSON can say; it says its own version."""

    arrays: Mapping[str, NDArray[Any]] = attrs.field(factory=dict)


def write(path: Path, kept: Kept) -> None:
    """Write beside it and rename: a reader finds the old or the new one, whole.

    Raises:
        OSError: it cannot be written.
    """
    document = np.frombuffer(orjson.dumps(kept.document), dtype=np.uint8)
    content = BytesIO()
    members: dict[str, Any] = {_DOCUMENT: document, **kept.arrays}
    np.savez(content, allow_pickle=False, **members)
    beside = path.with_suffix(".new")
    beside.write_bytes(zlib.compress(content.getbuffer(), level=1))
    beside.replace(path)


def read(path: Path) -> Kept | None:
    """What a file holds; None where there is none, or it was damaged."""
    try:
        content = BytesIO(zlib.decompress(path.read_bytes()))
        with np.load(content, allow_pickle=False) as found:
            arrays = dict(found)
        return Kept(document=orjson.loads(arrays.pop(_DOCUMENT).tobytes()), arrays=arrays)
    except Exception:  # noqa: BLE001 - damage takes many forms, and what is kept can be learned anew
        return None
