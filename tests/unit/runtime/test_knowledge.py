"""Knowledge by the hour, from a day of history, the same for everybody."""

import pytest

from scaler.errors import SignalMalformed
from scaler.policy.learn import learn
from scaler.runtime.fold import Fold
from scaler.runtime.knowledge import KEPT, Learning, teach
from tests.builders import EPOCH
from tests.simulated import asked
from tests.unit.runtime.histories import FakeHistory, wave

HOUR = EPOCH - EPOCH % 3600
LEARNING = Learning()


@pytest.mark.parametrize(
    ("at", "counts", "coming"),
    [
        pytest.param(HOUR, -3600, -3600, id="on the hour the last one counts"),
        pytest.param(HOUR + 149, -3600, -3600, id="while samples come in"),
        pytest.param(HOUR + 150, -3600, 0, id="then the new one is learned"),
        pytest.param(HOUR + 299, -3600, 0, id="and counts"),
        pytest.param(HOUR + 300, 0, 0, id="from the grace on"),
        pytest.param(HOUR + 3599, 0, 0, id="for an hour"),
    ],
)
def test_an_epoch_counts_from_its_grace_and_is_learned_before(
    at: int, counts: int, coming: int
) -> None:
    assert (HOUR + counts, HOUR + coming) == (LEARNING.epoch(at), LEARNING.coming(at))


def test_lessons_are_a_day_before_the_oldest_epoch_to_the_newest() -> None:
    ticks = LEARNING.lessons([HOUR, HOUR - 3600])
    assert (HOUR - 3600 - 24 * 3600, HOUR, 300) == (ticks.start, ticks.stop, ticks.step)


async def test_each_epoch_learns_from_its_own_day_in_one_read() -> None:
    history, fold = FakeHistory(), Fold(workload=asked())
    epochs = [HOUR - 3600, HOUR]
    await teach([fold], epochs=epochs, history=history, learning=LEARNING)
    assert 1 == len(history.asked)
    for epoch in epochs:
        day = [wave(tick, 0) for tick in range(epoch - 24 * 3600, epoch, 300)]
        assert learn(day, spec=fold.workload.spec, at=epoch) == fold.known[epoch]


async def test_old_epochs_are_dropped_and_the_newest_before_a_missing_one_counts() -> None:
    fold = Fold(workload=asked())
    for hour in range(6):
        epochs = [HOUR + hour * 3600]
        await teach([fold], epochs=epochs, history=FakeHistory(), learning=LEARNING)
    assert KEPT == len(fold.known)
    assert fold.known[HOUR + 5 * 3600] == fold.knowledge(HOUR + 9 * 3600)
    assert fold.known[HOUR + 4 * 3600] == fold.knowledge(HOUR + 5 * 3600 - 1)
    assert fold.knowledge(HOUR) is None


async def test_one_workload_that_cannot_be_read_does_not_keep_the_others_from_learning() -> None:
    history = FakeHistory()
    history.broken["bad"] = SignalMalformed("bad: two models answered")
    good, bad = Fold(workload=asked("good")), Fold(workload=asked("bad"))
    await teach([good, bad], epochs=[HOUR], history=history, learning=LEARNING)
    assert ([HOUR], []) == (list(good.known), list(bad.known))
    assert "two models" in str(bad.trouble)
