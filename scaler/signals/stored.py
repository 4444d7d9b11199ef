"""Readings in the embedded history's file, by workload and tick."""

from collections.abc import Sequence
from hashlib import sha256

import attrs
import orjson

from scaler.config.workload import Watch, Workload
from scaler.signals.memory import KEPT, STEP, Kept
from scaler.signals.store import Store

_EVERY = 3600
_ID = "SELECT id FROM workload WHERE namespace = ? AND name = ? AND watch = ?"
_FIND = (
    f"SELECT tick, body FROM reading WHERE workload = ({_ID}) AND tick > ? AND tick <= ? "  # noqa: S608
    "ORDER BY tick"
)
_MEET = "INSERT OR IGNORE INTO workload (namespace, name, watch) VALUES (?, ?, ?)"
_KEEP = f"INSERT OR REPLACE INTO reading VALUES (({_ID}), ?, ?)"  # noqa: S608
_THIN = f"""
DELETE FROM reading WHERE workload = ({_ID}) AND tick <= ? AND EXISTS (
    SELECT 1 FROM reading AS later
    WHERE later.workload = reading.workload AND later.tick > reading.tick
    AND later.tick <= (reading.tick + {STEP - 1}) / {STEP} * {STEP}
)"""  # noqa: S608
_DROP = "DELETE FROM reading WHERE tick <= ?"
_FORGET = "DELETE FROM workload WHERE id NOT IN (SELECT workload FROM reading)"


@attrs.frozen(kw_only=True)
class Identity:
    """Whose readings: what is watched under this name, however it is decided on."""

    namespace: str
    name: str
    watch: str

    @property
    def row(self) -> tuple[str, str, str]:
        """As the tables have it."""
        return self.namespace, self.name, self.watch


def identity(workload: Workload) -> Identity:
    """Who `workload` is to its history."""
    key = workload.key
    return Identity(namespace=key.namespace, name=key.name, watch=_digest(workload.watch))


class StoredReadings:
    """Encoded readings in a store, thinned as `Memory` thins them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._dropped = 0

    async def load(self, who: Identity, *, now: int) -> Sequence[Kept]:
        """All that is kept, oldest first; of what a clock ahead of time wrote nothing.

        Raises:
            SignalUnavailable: the file cannot be read.
        """
        found = await self._store.rows(_FIND, (*who.row, now - KEPT, now))
        return [Kept(tick, body) for tick, body in found]

    async def keep(self, who: Identity, kept: Kept) -> None:
        """Put these on the disk."""
        await self._store.write((_MEET, who.row), (_KEEP, (*who.row, kept.taken, kept.body)))
        if kept.taken >= self._dropped + _EVERY:
            self._dropped = kept.taken
            self._store.write_soon((_DROP, (kept.taken - KEPT,)), (_FORGET, ()))

    def thin(self, who: Identity, *, until: int) -> None:
        """Keep the last of each step up to the end of one."""
        self._store.write_soon((_THIN, (*who.row, until)))


def _digest(watch: Watch) -> str:
    """Of what is set, so that a key which a later version adds changes nobody's history."""
    said = attrs.asdict(watch, filter=lambda _, value: bool(value))
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return sha256(text).hexdigest()[:12]
