"""The demo's four days before: the service reads them as its own, and foresees the morning."""

from pathlib import Path

from scaler.config.understand import understand
from scaler.demo.past import Unmetered, remember
from scaler.demo.scene import LEARNING, NAME, NAMESPACE, Addresses, settings, shape
from scaler.policy.model import Belief
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.forecaster import Forecaster
from scaler.runtime.forecasts.outlooks import outlooks_for
from scaler.signals.scrape import ScrapeHistory
from scaler.signals.store import Store
from scaler.signals.stored import StoredReadings
from scaler.signals.targets import Targets
from scaler.telemetry import Telemetry
from tests.builders import knowledge
from tests.scenarios.foreseen import Foresight
from tests.unit.runtime.forecasts.foreseeing import START, StillClock

URL = "http://127.0.0.1:9"
ADDRESSES = Addresses(replicas=[URL], dcgm=URL, kube=URL, gateway=URL)


async def test_the_morning_is_foreseen_from_the_days_before(tmp_path: Path) -> None:
    asked = settings(ADDRESSES, state=str(tmp_path))
    days = shape(1, start=START)
    await remember(tmp_path, asked=asked, shape=days, until=START)
    workload = understand(NAMESPACE, NAME, asked.workloads[0].metadata, settings=asked)
    store, clock = Store(tmp_path, meter=Unmetered()), StillClock()
    history = ScrapeHistory(
        Targets(meter=Telemetry(version="1")), clock=clock.now, stored=StoredReadings(store)
    )
    fold = Fold(workload=workload, outlooks=outlooks_for(workload, refreshing=LEARNING.refreshing))
    forecaster = Forecaster(
        folds=lambda: [fold],
        history=history,
        clock=clock,
        worker=Foresight(tmp_path / "kept", poison=None, since=0, silent=False),
        delay=lambda: 31,
    )
    while await forecaster.round():
        pass
    assert fold.outlooks is not None
    foreseen = fold.outlooks.upon(knowledge(), at=START).forecast
    await history.close()
    await store.close()

    assert foreseen is not None
    assert Belief.SKILL == foreseen.belief
    assert foreseen.bound is not None
    assert foreseen.bound > 1.2 * 1350 * days(START)
