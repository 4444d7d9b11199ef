"""What is counted of questions to the API server."""

import pytest

from scaler.cluster.api import ApiTrouble
from scaler.cluster.metered import Metered
from tests.unit.cluster.world import FakeApi
from tests.unit.signals.workloads import FakeMeter

PATH = "/api/v1/pods"


def asking(*troubles: ApiTrouble) -> tuple[Metered, FakeMeter]:
    meter, times = FakeMeter(), iter(range(100))
    api = FakeApi(objects={PATH: {}}, troubles={PATH: list(troubles)})
    return Metered(api, meter=meter, now=lambda: float(next(times))), meter


def test_a_good_answer_is_counted_with_its_time() -> None:
    api, meter = asking()
    assert {} == api.get(PATH)
    assert [("kubernetes", None)] == meter.observed


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, "unavailable"),
        (503, "unavailable"),
        (429, "unavailable"),
        (403, "forbidden"),
        (404, None),
        (410, None),
    ],
)
def test_what_is_no_answer_is_counted_with_its_reason(status: int, reason: str | None) -> None:
    api, meter = asking(ApiTrouble("no", status=status))
    with pytest.raises(ApiTrouble):
        api.get(PATH)
    assert [("kubernetes", reason)] == meter.observed
