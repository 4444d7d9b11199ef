"""`forescale serve` as a process of its own, and what it says while it runs."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs

from tests.patience import PATIENCE

_LONG_LINE = 2**20

Line = Mapping[str, Any]

DECIDED = ("target", "active", "winner", "asked", "limits")
"""What a log line says about a decision, apart from its tick."""


@attrs.define(kw_only=True)
class Forescale:
    """One running service."""

    process: asyncio.subprocess.Process
    lines: list[Line] = attrs.field(factory=list)
    """The log so far: every whole line."""
    grpc: str = ""
    ops: str = ""
    _said: asyncio.Condition = attrs.field(factory=asyncio.Condition)

    async def listen(self) -> None:
        """Take in the log until the process ends."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            # The last line of a killed process may be half a one, or a traceback's.
            try:
                said = json.loads(line)
            except ValueError:
                said = {"event": line.decode(errors="replace").rstrip()}
            async with self._said:
                self.lines.append(said)
                self._said.notify_all()
        async with self._said:
            self._said.notify_all()

    async def until(self, event: str, **fields: object) -> Line:
        """The first line about `event` with these fields, waited for."""

        return await self._until(
            lambda line: (
                line["event"] == event
                and all(line.get(name) == value for name, value in fields.items())
            )
        )

    async def until_settled(self, workload: str, *, at: int) -> None:
        """Return once a decision about `workload` is settled for `at` or later."""
        await self._until(
            lambda line: (
                line["event"] == "settled" and line["workload"] == workload and line["at"] >= at
            )
        )

    async def _until(self, meets: Callable[[Line], bool]) -> Line:
        """The first line that meets the condition."""
        looked = 0
        async with asyncio.timeout(PATIENCE), self._said:
            while True:
                for line in self.lines[looked:]:
                    if meets(line):
                        return line
                looked = len(self.lines)
                assert self.process.returncode is None, f"ended, saying {self.lines[-5:]}"
                await self._said.wait()

    def settled(self, workload: str, *, since: int) -> dict[int, Line]:
        """Settled decisions by tick, from `since` on; each tick is settled once."""
        decisions: dict[int, Line] = {}
        for line in self.lines:
            if line["event"] == "settled" and line["workload"] == workload and line["at"] >= since:
                assert line["at"] not in decisions
                decisions[line["at"]] = {name: line[name] for name in DECIDED}
        return decisions

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body of an answer of the operations port."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{self.ops}{path}") as response,
        ):
            return response.status, await response.text()


@asynccontextmanager
async def serving(folder: Path, settings: Mapping[str, Any]) -> AsyncIterator[Forescale]:
    """Run the service with these settings until it listens; kill it at the end if need be.

    `settled` is only said at log level debug, which costs the service time.
    """
    config = _written(folder, settings)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scaler", "serve", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
        limit=_LONG_LINE,
    )
    service = Forescale(process=process)
    listening = asyncio.create_task(service.listen())
    try:
        ports = await service.until("serving")
        service.grpc = f"127.0.0.1:{ports['grpc']}"
        service.ops = f"127.0.0.1:{ports['ops']}"
        yield service
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


def _written(folder: Path, settings: Mapping[str, Any]) -> Path:
    """A file with these settings; JSON is YAML."""
    here = {"grpc": {"address": "127.0.0.1:0"}, "ops": {"address": "127.0.0.1:0"}}
    log = {"format": "json", "level": "info"}
    folder.mkdir(exist_ok=True)
    config = folder / "forescale.yaml"
    config.write_text(json.dumps({**here, **settings, "log": {**log, **settings.get("log", {})}}))
    return config
