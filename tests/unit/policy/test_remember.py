"""What a tick adds to the memory, and how it is forgotten."""

from collections.abc import Sequence

import pytest

from scaler.policy.counting import deserted
from scaler.policy.model import Gap, Reason
from scaler.policy.remember import episode, last, run
from scaler.policy.spec import Spec
from tests.builders import EPOCH, LEAD_TIME, STEP, readings
from tests.unit.policy.situations import fold, lasting, then

GAP = Gap(reason=Reason.STALE)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([True, True], 0, id="goes on"),
        pytest.param([False, True], 15, id="begins"),
        pytest.param([True, False], None, id="ends"),
        pytest.param([True, None, None, True], 0, id="outlives a short gap"),
        pytest.param([True, None, None, None, None], None, id="but no long one"),
        pytest.param([True, None, None, None, None, True], 75, id="and then begins anew"),
        pytest.param([None, None], None, id="does not begin in a gap"),
    ],
)
def test_a_run_is_the_time_since_which_something_goes_on(
    seen: Sequence[bool | None], expected: int | None
) -> None:
    marks: dict[str, int] = {}
    for at, over in enumerate(seen):
        marks = run(marks, "hot", over=over, at=at * STEP, tolerate=45)
    assert expected == marks.get("hot")
    assert (expected is None) == (last("hot") not in marks)


def test_sustained_runs_within_a_lead_time_are_one_episode() -> None:
    slow = {"latency": 3.0, "waiting": 1.0}
    pause = LEAD_TIME // STEP - 4
    history = then(then(lasting(1), 4, **slow), pause)
    joined = then(history, 4, **slow)
    first = history[4].at
    assert first == fold(joined)[1].marks[episode("latency")]
    apart = then(then(history, 6), 4, **slow)
    assert apart[-1].at == fold(apart)[1].marks[episode("latency")]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0), True),
        ((0, None, None), True),
        ((0, 1, 1), False),
        ((0, None, 1), False),
        ((1, 0, 0), False),
        ((None, 0, 0), False),
    ],
)
def test_asleep_is_nothing_wanted_and_nothing_running(
    counts: tuple[int | None, int | None, int | None], expected: bool
) -> None:
    wanted, ready, reporting = counts
    assert expected is deserted(readings(wanted=wanted, ready=ready, reporting=reporting))


def test_nothing_in_the_state_grows_with_time() -> None:
    day = lasting(24 * 60)
    _, state = fold(day)
    _, later = fold(then(day, 240))
    assert [len(window) for window in state.recent.values()] == [
        len(window) for window in later.recent.values()
    ]
    assert max(map(len, state.recent.values())) <= (300 + 2 * LEAD_TIME) // STEP + 1


def test_a_gap_is_no_quiet() -> None:
    nothing = {"running": 0.0, "waiting": 0.0, "tokens": 0.0, "requests": 0.0}
    history = then(lasting(4), 3, **{**nothing, "waiting": GAP, "utilization": GAP})
    _, state = fold(history, spec=Spec())
    newest = EPOCH + 6 * STEP
    assert {newest} == {state.marks[name] for name in ("busy", "not_low", "queued")}
