"""Long work in short slices, so that an answer to KEDA never waits long for it."""

import asyncio
import gc

WORK = 0.001
"""Seconds of work in one go, of which several may follow on each other. With two at work, neither
waits for the end of a pause: a start, which folds for a minute, keeps its core."""

PAUSE = 0.001
"""Seconds for others after that. A mere turn of the event loop is not enough for them: gRPC's own
thread gets a busy interpreter's lock only after 5 ms."""


class Turn:
    """Work that goes on for longer than others should wait, and rests when it is `over`."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._end = self._clock() + WORK

    @property
    def over(self) -> bool:
        """Whether it is time for others."""
        return self._clock() >= self._end

    async def rest(self) -> None:
        """Let others on; after that, the next turn begins."""
        tidy()
        await asyncio.sleep(PAUSE)
        self._end = self._clock() + WORK


def collect_by_turns() -> None:
    """From now on, garbage is collected in `tidy` alone.

    Left to itself the collector comes when thousands of decisions have gathered, most of which will
    live, and walks through them in one go: 15 ms for one of its middle generation.
    """
    gc.disable()


def tidy() -> None:
    """Collect what was left since the last time, and never look at what lives on again.

    A millisecond of decisions takes it 40 us. Only what is thrown away in cycles needs it, as
    gRPC leaves some behind with each call; what becomes so later, like a connection that was open
    for long, is not found any more, which is a few hundred bytes each.
    """
    if not gc.isenabled():
        gc.collect(1)
        gc.freeze()
