"""What a forecast may learn from a tick: demand, a lower bound of it, or nothing."""

from typing import Any

import pytest

from scaler.policy.lesson import Lesson, lesson
from scaler.policy.model import Gap, Reason
from scaler.policy.spec import Spec, Unit
from tests.builders import readings

STALE = Gap(reason=Reason.STALE)
ASLEEP: dict[str, Any] = {
    "wanted": 0,
    "ready": 0,
    "reporting": 0,
    **dict.fromkeys(("running", "waiting", "tokens", "requests", "latency")),
}


@pytest.mark.parametrize(
    ("fields", "work", "least"),
    [
        pytest.param({}, 2000.0, False, id="quiet"),
        pytest.param({"waiting": 3.0}, 2000.0, False, id="some wait for a moment"),
        pytest.param({"waiting": 4.0}, 2000.0, True, id="one waits for each replica"),
        pytest.param({"rejected": 0.5}, 2000.0, True, id="refused"),
        pytest.param({"rejected": 0.01}, 2000.0, False, id="somebody closed a tab"),
        pytest.param({"stuck": 1}, 2000.0, True, id="stuck"),
        pytest.param({"tokens": 0.0}, 0.0, False, id="a measured zero"),
        pytest.param({"tokens": None}, None, False, id="absent is not zero"),
        pytest.param({"tokens": Gap(reason=Reason.IDLE)}, 0.0, False, id="no traffic"),
        pytest.param({"reporting": 3}, None, False, id="some are silent"),
        pytest.param({"reporting": None}, None, False, id="nobody knows who reports"),
        pytest.param({"ready": None}, 2000.0, False, id="nobody counts those that are ready"),
        pytest.param({"ready": None, "reporting": None}, 2000.0, False, id="nobody counts"),
        pytest.param({"ready": None, "reporting": STALE}, None, False, id="nobody knows any more"),
        pytest.param(ASLEEP, 0.0, False, id="asleep"),
        pytest.param({**ASLEEP, "activation": 2.0}, 0.0, True, id="asleep, and somebody waits"),
    ],
)
def test_a_tick_teaches(fields: dict[str, Any], work: float | None, least: bool) -> None:
    assert Lesson(work=work, least=least) == lesson(readings(**fields), spec=Spec())


def test_work_is_counted_in_the_unit_of_the_spec() -> None:
    assert 2.0 == lesson(readings(), spec=Spec(unit=Unit.REQUESTS)).work
