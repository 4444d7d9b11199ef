"""The runtime's side of the KEDA protocol, in memory: decisions are what a test puts there."""

import asyncio

from scaler.config.workload import Key, Workload
from scaler.errors import DecisionExpired, ForescaleError, UnknownWorkload
from scaler.policy.model import Decision
from scaler.runtime.board import Published
from tests.builders import knowledge, readings

START = 1_700_000_010


def decision(target: int | None = 3, *, active: bool = True, at: int = START) -> Decision:
    return Decision(at=at, target=target, active=active, winner="tokens")


def publish(workload: Workload, what: Decision | None = None) -> Published:
    found = what or decision()
    return Published(
        workload=workload, decision=found, readings=readings(found.at), knowledge=knowledge()
    )


class FakeAnswers:
    """Gives everybody the same decision, until told otherwise."""

    def __init__(self, what: Decision | None = None) -> None:
        self._decision = what
        self._failure: ForescaleError | None = None
        self._changed = asyncio.Event()
        self.hung = False
        self._waits = 0
        self._waiting = asyncio.Condition()
        self.asked: list[Key] = []

    def decide(self, what: Decision) -> None:
        self._decision, self._failure = what, None
        self._wake()

    def fail(self, error: ForescaleError) -> None:
        self._failure = error
        self._wake()

    def standing(self, workload: Workload) -> Published | None:
        """Nothing stands: every answer is waited for, so that tests can make it late."""
        return None

    async def answer(self, workload: Workload) -> Published:
        self.asked.append(workload.key)
        await self._count(0)
        while self.hung:
            await self._changed.wait()
        if self._failure:
            raise self._failure
        if self._decision is None:
            raise UnknownWorkload(f"{workload.key}: nothing was decided yet")
        if self._decision.target is None:
            raise DecisionExpired(f"{workload.key}: {self._decision.note}")
        return publish(workload, self._decision)

    async def wait_active(
        self, workload: Workload, *, known: bool | None, within: float
    ) -> bool | None:
        self.asked.append(workload.key)
        await self._count(1)
        try:
            async with asyncio.timeout(within):
                while self._active() in {known, None}:
                    await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            await self._count(-1)
        return self._active()

    async def until(self, *, waiting: int) -> None:
        """Return once so many streams wait for a change."""
        async with self._waiting:
            await self._waiting.wait_for(lambda: self._waits == waiting)

    async def until_asked(self, times: int) -> None:
        """Return once so many more questions have come."""
        last = len(self.asked) + times
        async with self._waiting:
            await self._waiting.wait_for(lambda: len(self.asked) >= last)

    async def _count(self, by: int) -> None:
        self._waits += by
        async with self._waiting:
            self._waiting.notify_all()

    def _active(self) -> bool | None:
        return self._decision.active if self._decision and not self._failure else None

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class FakeAudience:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.targets: list[int | None] = []

    def answered(self, method: str, *, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((method, code))

    def served(self, published: Published) -> None:
        self.targets.append(published.decision.target)
