"""When the interval of the samples is asked for, and what is made of the answer."""

from collections.abc import Callable, Sequence

import pytest

from scaler.errors import SignalMalformed, SignalTimeout
from scaler.signals.catalog import ROWS
from scaler.signals.matchers import Matcher
from scaler.signals.pace import UNMEASURED, Pace
from scaler.signals.reply import Series

VLLM = ROWS["vllm"]
HOUR = 3600
NOON = 1_700_049_600
LATER = NOON + 900


class FakeSource:
    """Answers with the samples counted at each time, and remembers what it was asked."""

    def __init__(self, counted: Callable[[int], float | None]) -> None:
        self._counted = counted
        self.asked: list[tuple[str, range]] = []

    async def __call__(self, text: str, ticks: range) -> Sequence[Series]:
        self.asked.append((text, ticks))
        counts = {at: self._counted(at) for at in ticks}
        return [Series({}, {at: count for at, count in counts.items() if count is not None})]


def pace(source: FakeSource) -> Pace:
    return Pace(source, forced=[Matcher("tenant", "=", "a")])


@pytest.mark.parametrize(
    ("count", "interval"),
    [(480, 1), (96, 5), (32, 15), (29, 15), (28, 20), (16, 30), (8, 60), (4, 120), (1, 480)],
)
async def test_the_shortest_usual_interval_that_explains_the_count(
    count: float, interval: int
) -> None:
    [(_, found)] = await pace(FakeSource(lambda _: count)).spans(VLLM, range(LATER, LATER + 1))
    assert interval == found


async def test_it_is_asked_once_an_hour() -> None:
    source = FakeSource(lambda _: 8.0)
    measured = pace(source)
    for at in range(LATER, LATER + HOUR - 900, 15):
        await measured.spans(VLLM, range(at, at + 1))
    [(text, ticks)] = source.asked
    assert 'vllm:num_requests_running{tenant="a"}' in text
    assert [NOON] == list(ticks)


async def test_a_range_is_cut_where_the_interval_changes() -> None:
    source = FakeSource(lambda at: 32.0 if at >= NOON else 8.0)
    ticks = range(NOON - 1800, NOON + 1800, 300)
    found = await pace(source).spans(VLLM, ticks)
    # An hour counts once its last samples have come in.
    assert [(ticks[:7], 60), (ticks[7:], 15)] == found


async def test_what_started_within_the_hour_is_measured_by_even_minutes() -> None:
    source = FakeSource(lambda at: 8.0 if at >= NOON + 600 else None)
    found = await pace(source).spans(VLLM, range(NOON + 400, NOON + 1000, 60))
    assert [UNMEASURED, 60] == [interval for _, interval in found]


async def test_what_sleeps_has_the_interval_that_it_had() -> None:
    source = FakeSource(lambda at: 4.0 if at == NOON - 5 * HOUR else None)
    found = await pace(source).spans(VLLM, range(LATER, LATER + 1))
    assert [(range(LATER, LATER + 1), 120)] == found


async def test_a_refused_question_leaves_what_is_usual() -> None:
    async def refuses(text: str, ticks: range) -> Sequence[Series]:
        raise SignalMalformed("no")

    found = await Pace(refuses, forced=()).spans(VLLM, range(LATER, LATER + 1))
    assert [(range(LATER, LATER + 1), UNMEASURED)] == found


async def test_no_answer_is_an_error() -> None:
    async def hangs(text: str, ticks: range) -> Sequence[Series]:
        raise SignalTimeout("slow")

    with pytest.raises(SignalTimeout):
        await Pace(hangs, forced=()).spans(VLLM, range(LATER, LATER + 1))


async def test_who_has_no_probe_is_not_asked_for() -> None:
    source = FakeSource(lambda _: 8.0)
    await pace(source).spans(ROWS["custom"], range(LATER, LATER + 1))
    assert [] == source.asked
