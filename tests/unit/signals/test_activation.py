"""Activation comes from the source that it names, and its failure is a gap of its own."""

from collections.abc import Mapping, Sequence

import attrs
import pytest

from scaler.config.workload import SourceKind, Workload
from scaler.errors import SignalError, SignalTimeout
from scaler.policy.model import Gap, Reading, Reason, Sample, Signal
from scaler.signals.activation import Activation, Answer, elsewhere
from tests.builders import ABSENT, EPOCH, readings
from tests.unit.signals.workloads import make_workload

NOW = range(EPOCH, EPOCH + 1)
QUERIED = make_workload("queried", activation_query="q")
SEEN = make_workload("seen", activation_endpoints=("http://gateway/metrics",))
SCRAPED = make_workload(
    "scraped", source=SourceKind.SCRAPE, endpoints=("http://pod/metrics",), activation_query="q"
)
BOTH = make_workload("both", activation_query="q", activation_endpoints=("http://g/metrics",))


@attrs.define
class FakeSources:
    """Answers with what own sources and others see of activation, or their failures."""

    own: Reading | SignalError = ABSENT
    other: Reading | SignalError = ABSENT
    asked: list[Workload] = attrs.field(factory=list)

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        self.asked.extend(workloads)
        double = workloads[0].key.digest.endswith("/activation")
        said = self.other if double else self.own
        if isinstance(said, SignalError):
            raise said
        return {each: [readings(at, activation=said) for at in ticks] for each in workloads}


async def activation(workload: Workload, sources: FakeSources) -> Reading:
    answer = (await Activation(sources).read([workload], NOW))[workload]
    assert isinstance(answer, list)
    assert readings(EPOCH).signals.items() <= answer[0].signals.items()
    return answer[0].signals[Signal.ACTIVATION]  # type: ignore[no-any-return]


def sample(value: float) -> Sample:
    return Sample(value=value, at=EPOCH)


def test_gateways_of_a_workload_in_prometheus_are_scraped_and_nothing_else() -> None:
    double = elsewhere(SEEN)
    assert double is not None
    assert (SourceKind.SCRAPE, ()) == (double.watch.source, double.watch.endpoints)
    assert SEEN.watch.activation_endpoints == double.watch.activation_endpoints
    assert double != SEEN


def test_the_query_of_a_scraped_workload_runs_alone() -> None:
    double = elsewhere(SCRAPED)
    assert double is not None
    assert (SourceKind.PROMETHEUS, "custom", "q") == (
        double.watch.source,
        double.watch.engine,
        double.watch.activation_query,
    )


async def test_what_its_own_source_sees_is_read_once() -> None:
    sources = FakeSources(own=sample(2))
    assert sample(2) == await activation(QUERIED, sources)
    assert [QUERIED] == sources.asked


@pytest.mark.parametrize("workload", [SEEN, SCRAPED])
async def test_what_another_source_sees_is_told(workload: Workload) -> None:
    assert sample(3) == await activation(workload, FakeSources(other=sample(3)))


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [(1.0, 3.0, 3.0), (3.0, 1.0, 3.0), (None, 0.0, 0.0), (0.0, None, 0.0)],
)
async def test_either_may_wake(own: float | None, other: float | None, expected: float) -> None:
    own_reading, seen = (ABSENT if each is None else sample(each) for each in (own, other))
    sources = FakeSources(own_reading, seen)
    assert sample(expected) == await activation(BOTH, sources)


async def test_failure_of_activation_alone_is_a_gap_in_it_with_the_reason() -> None:
    found = await activation(SEEN, FakeSources(other=SignalTimeout("gateway: slow")))
    assert Gap(reason=Reason.STALE, detail="gateway: slow") == found


async def test_what_is_seen_outlives_the_other_sources_failure() -> None:
    assert sample(2) == await activation(BOTH, FakeSources(sample(2), SignalTimeout("slow")))


async def test_failure_of_everything_else_is_a_failure() -> None:
    with pytest.raises(SignalTimeout, match="slow"):
        await activation(SEEN, FakeSources(SignalTimeout("slow"), sample(3)))


async def test_an_error_about_one_workload_stays_its_own() -> None:
    failure = SignalTimeout("its own")

    class OneFails:
        async def read(
            self, workloads: Sequence[Workload], ticks: range
        ) -> Mapping[Workload, Answer]:
            return dict.fromkeys(workloads, failure)

    assert {SEEN: failure} == await Activation(OneFails()).read([SEEN], NOW)
