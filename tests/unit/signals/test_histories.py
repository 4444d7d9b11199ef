"""Workloads are read where they say, and one source's failure is not another's."""

import asyncio
from collections.abc import Mapping, Sequence

import attrs
import pytest

from scaler.config.workload import SourceKind, Workload
from scaler.errors import ForescaleError, SignalError, SignalTimeout, SignalUnavailable
from scaler.policy.model import Readings
from scaler.signals.histories import Histories
from tests.builders import EPOCH, readings
from tests.unit.signals.workloads import make_workload

NOW = range(EPOCH, EPOCH + 1)


@attrs.define(eq=False)
class FakeHistory:
    """Answers with the same readings for everybody, or fails."""

    failure: SignalError | None = None
    asked: list[Workload] = attrs.field(factory=list)
    closed: bool = False

    async def read(
        self, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Sequence[Readings]]:
        self.asked.extend(workloads)
        if self.failure is not None:
            raise self.failure
        return {workload: [readings(at) for at in ticks] for workload in workloads}

    async def lead_times(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        if self.failure is not None:
            raise self.failure
        return dict.fromkeys(workloads, at)

    async def close(self) -> None:
        self.closed = True


@attrs.define
class Sources:
    """One history of each sort."""

    default: FakeHistory = attrs.field(factory=FakeHistory)
    scrape: FakeHistory = attrs.field(factory=FakeHistory)
    opened: dict[str, FakeHistory] = attrs.field(factory=dict)

    def histories(self) -> Histories:
        return Histories(
            named={"default": self.default}, scrape=self.scrape, at_address=self.at_address
        )

    def at_address(self, address: str) -> FakeHistory:
        assert address not in self.opened or self.opened[address].closed
        self.opened[address] = FakeHistory()
        return self.opened[address]


NAMED = make_workload("named")
SCRAPED = make_workload("scraped", source=SourceKind.SCRAPE)
ADDRESSED = make_workload("addressed", server_address="http://theirs:9090")
NOWHERE = make_workload("nowhere", prometheus="unknown")


async def test_every_workload_is_read_from_its_own_source() -> None:
    sources = Sources()
    histories = sources.histories()
    found = await histories.read([NAMED, SCRAPED, ADDRESSED], NOW)
    assert {NAMED, SCRAPED, ADDRESSED} == set(found)
    assert [NAMED] == sources.default.asked
    assert [SCRAPED] == sources.scrape.asked
    assert [ADDRESSED] == sources.opened["http://theirs:9090"].asked


async def test_one_sources_failure_is_its_own() -> None:
    sources = Sources(default=FakeHistory(SignalTimeout("slow")))
    found = await sources.histories().read([NAMED, SCRAPED], NOW)
    assert "slow" == str(found[NAMED])
    assert not isinstance(found[SCRAPED], ForescaleError)


async def test_lead_times_come_from_each_ones_source() -> None:
    sources = Sources(scrape=FakeHistory(SignalUnavailable("gone")))
    asked = [NAMED, SCRAPED, ADDRESSED, NOWHERE]
    assert {NAMED: 7, ADDRESSED: 7} == await sources.histories().lead_times(asked, at=7)


async def test_failure_of_all_is_an_error() -> None:
    slow, gone = FakeHistory(SignalTimeout("slow")), FakeHistory(SignalUnavailable("gone"))
    with pytest.raises(SignalTimeout, match="slow"):
        await Sources(default=slow, scrape=gone).histories().read([NAMED, SCRAPED], NOW)


async def test_a_source_that_nobody_configured_has_no_answer() -> None:
    histories = Sources().histories()
    found = await histories.read([NAMED, NOWHERE], NOW)
    assert "no source is called 'unknown'" == str(found[NOWHERE])
    assert not isinstance(found[NAMED], ForescaleError)
    with pytest.raises(SignalUnavailable, match="no source is called 'unknown'"):
        await histories.read([NOWHERE], NOW)


async def test_an_address_is_connected_to_once() -> None:
    sources = Sources()
    histories = sources.histories()
    for _ in range(3):
        await histories.read([ADDRESSED], NOW)
    assert len(sources.opened["http://theirs:9090"].asked) == 3


async def test_addresses_that_are_no_longer_used_are_closed() -> None:
    sources = Sources()
    histories = sources.histories()
    for index in range(101):
        address = f"http://server-{index}"
        await histories.read([make_workload(server_address=address)], NOW)
    assert ["http://server-0"] == [url for url, each in sources.opened.items() if each.closed]


async def test_all_are_closed_together() -> None:
    sources = Sources()
    histories = sources.histories()
    await histories.read([ADDRESSED], NOW)
    await histories.close()
    assert sources.default.closed
    assert sources.scrape.closed
    assert sources.opened["http://theirs:9090"].closed


async def test_replaced_sources_are_closed_when_the_last_read_of_them_is_over() -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()

    class Slow(FakeHistory):
        async def read(
            self, workloads: Sequence[Workload], ticks: range
        ) -> Mapping[Workload, Sequence[Readings]]:
            reading.set()
            await go_on.wait()
            return await super().read(workloads, ticks)

    sources, new = Sources(default=Slow()), FakeHistory()
    histories = sources.histories()
    under_way = asyncio.create_task(histories.read([NAMED], NOW))
    await reading.wait()

    await histories.use({"default": new})
    assert not sources.default.closed
    go_on.set()
    assert {NAMED} == set(await under_way)
    assert sources.default.closed
    await histories.read([NAMED], NOW)
    assert [NAMED] == new.asked


async def test_sources_that_stay_are_not_closed() -> None:
    sources = Sources()
    histories = sources.histories()
    await histories.use({"default": sources.default, "second": FakeHistory()})
    assert not sources.default.closed


async def test_sources_that_nobody_reads_are_closed_at_once() -> None:
    sources = Sources()
    await sources.histories().use({})
    assert sources.default.closed
