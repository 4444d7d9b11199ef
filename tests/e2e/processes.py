"""Servers as processes of this machine: started, hung, killed, and what they said."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

PATIENCE = 90.0
"""Seconds for whatever a server is to do: long, because machines are busy."""


class NotYetError(AssertionError):
    """What was waited for did not come; the message says what, and what the server said."""


def _mortal() -> Sequence[str]:
    """What makes a process end with this one, however that ends; where the machine can."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()


@attrs.define(kw_only=True)
class Server:
    """One server through every end it meets; its log goes on in one file."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = attrs.field(factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_mortal(), *self.command],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start_until(self, ready: Callable[[], bool]) -> None:
        """Start, and return when it is ready."""
        self.start()
        self.until(ready, what="ready")

    def until(self, condition: Callable[[], bool], *, what: str) -> None:
        """Return when the condition holds; the server must live meanwhile."""
        deadline = time.perf_counter() + PATIENCE
        while not condition():
            if self._process is not None and self._process.poll() is not None:
                raise NotYetError(f"{self.name} ended: {self.said()}")
            if time.perf_counter() > deadline:
                raise NotYetError(f"{self.name} was never {what}: {self.said()}")
            time.sleep(0.1)

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        """End it without warning; return when it is gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """From now on it answers nobody, and no connection breaks."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
