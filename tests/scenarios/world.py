"""The closed loop in simulated time: fleet, exporters' history, fold, board, KEDA and the HPA."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise

import attrs

from scaler.config.workload import Workload
from scaler.errors import DecisionExpired, SignalError, UnknownWorkload
from scaler.policy.model import Decision
from scaler.runtime.advance import advance
from scaler.runtime.board import Board
from scaler.runtime.fold import Fold, Progress
from scaler.runtime.grid import last_tick
from scaler.runtime.knowledge import Learning, teach
from scaler.simulation.behavior import Behavior, HpaSpec, PolicyKind, ScalingPolicy, ScalingRules
from scaler.simulation.fleet import Fleet
from scaler.simulation.hpa import HpaState, Metric, sync
from scaler.simulation.keda import ActivationSpec, ActivationState, poll
from scaler.simulation.objective import Ledger, Objective, Score
from scaler.simulation.spec import Clients, EngineSpec, FleetSpec, fixed_lead_time
from scaler.simulation.traffic import Lengths, Poisson, Shape
from tests.simulated import Recorded

START = 1_700_000_100
MINUTE = 60
SETTLE = 30
LAG = 1
SYNC = 15
POLL = 30
FLAPPING = 10 * MINUTE
LEAD_TIME = 120

ENGINE = EngineSpec(
    iteration_base=0.02,
    iteration_per_sequence=0.002,
    prefill_per_token=0.0001,
    max_batch=16,
    kv_tokens=40_000,
)
LENGTHS = Lengths(prompt_mean=400, output_mean=100, prompt_sigma=0.5, output_sigma=0.5)
REQUESTS = 2.6
"""Requests per second that one such replica serves at its boundary."""
TOKENS = 1300.0
"""The tokens in them."""

SHIPPED = HpaSpec(
    min_replicas=1,
    max_replicas=40,
    tolerance=0.0,
    behavior=Behavior(
        up=ScalingRules(
            window=0, policies=(ScalingPolicy(kind=PolicyKind.PODS, value=1000, period=15),)
        ),
        down=ScalingRules(
            window=120, policies=(ScalingPolicy(kind=PolicyKind.PERCENT, value=100, period=15),)
        ),
    ),
)
"""What the examples say to the HPA: no damping but a short window down."""


@attrs.frozen(kw_only=True)
class Moment:
    """One tick as it was seen from outside; `target` is None where nothing was answered."""

    at: int
    target: int | None
    wanted: int
    ready: int
    waiting: int
    decision: Decision | None


class World:
    """One workload, from its clients to its replicas; time moves by `run`."""

    def __init__(
        self,
        workload: Workload,
        shape: Shape,
        *,
        ready: int,
        lead_time: float = LEAD_TIME,
        clients: Clients | None = None,
        learning: Learning | None = None,
    ) -> None:
        spec = FleetSpec(
            engine=ENGINE,
            lead_time=fixed_lead_time(lead_time),
            clients=clients or Clients(),
            step=0.5,
        )
        traffic = Poisson(lambda t: shape(t - START), seed=7, lengths=LENGTHS)
        self.fleet = Fleet(spec=spec, traffic=traffic, start=START, ready=ready)
        self.history = Recorded()
        self.workload = workload
        self.fold = Fold(workload=workload)
        self.learning = learning or Learning()
        self.moments: list[Moment] = []
        self.settled: list[Decision] = []
        self._board = Board()
        self._ledger = Ledger(Objective(seconds=workload.spec.objective), start=START)
        self._hpa = HpaState()
        self._keda = ActivationState(created=START, last_active=START)
        self._twins: list[tuple[Fold, list[Decision]]] = []
        self._at = START

    @property
    def at(self) -> int:
        """Seconds since the start."""
        return self._at - START

    async def run(self, until: int, *, then: Callable[[Fleet], None] | None = None) -> None:
        """Let time pass up to `until` seconds after the start; do something to the fleet there."""
        while self._at < START + until:
            self._at += 1
            await self._second(self._at)
        if then:
            then(self.fleet)

    def restarted(self) -> list[Decision]:
        """The settled decisions of a scaler that starts now, on the same history, as they come."""
        settled: list[Decision] = []
        self._twins.append((Fold(workload=self.workload), settled))
        return settled

    async def _second(self, at: int) -> None:
        self._ledger.add(self.fleet.advance(at))
        self.history.now = at
        self.history.scrape(self.fleet.snapshot)
        if at - LAG == last_tick(self.workload, at=at):
            await self._tick(at)
        if at % POLL == 5:
            self._poll(at)
        if at % SYNC == 11:
            self._sync(at)

    async def _tick(self, at: int) -> None:
        for progress in await step(self.fold, world=self, at=at):
            self._board.post(progress.published)
            self.settled.extend(progress.settled)
        for fold, settled in self._twins:
            for progress in await step(fold, world=self, at=at):
                settled.extend(progress.settled)
        decision = self._answer(at)
        fleet = self.fleet
        waiting = sum(replica.load for replica in fleet.ready)
        self.moments.append(
            Moment(
                at=at - START,
                target=None if decision is None else decision.target,
                wanted=fleet.wanted,
                ready=len(fleet.ready),
                waiting=waiting,
                decision=decision,
            )
        )

    def _answer(self, at: int) -> Decision | None:
        try:
            return self._board.answer(self.workload.key, now=at).decision
        except (DecisionExpired, UnknownWorkload):
            return None

    def _poll(self, at: int) -> None:
        decision = self._answer(at)
        replicas, self._keda = poll(
            None if decision is None else decision.active,
            replicas=self.fleet.wanted,
            at=at,
            spec=ActivationSpec(min_replicas=self.workload.spec.min_replicas, cooldown=60),
            state=self._keda,
        )
        self.fleet.scale(replicas)

    def _sync(self, at: int) -> None:
        decision = self._answer(at)
        scaled, self._hpa = sync(
            [Metric(value=None if decision is None else decision.target)],
            spec_replicas=self.fleet.wanted,
            status_replicas=self.fleet.wanted,
            at=at,
            hpa=SHIPPED,
            state=self._hpa,
        )
        self.fleet.scale(scaled.replicas)

    def score(self) -> Score:
        """The books so far."""
        return self._ledger.score(self.fleet)

    def between(self, start: int, stop: int) -> Sequence[Moment]:
        """The ticks in [start, stop) seconds after the start."""
        return [moment for moment in self.moments if start <= moment.at < stop]

    def most(self, start: int = 0, stop: int = 10**9) -> int:
        """The most replicas that were wanted in that time."""
        return max(moment.wanted for moment in self.between(start, stop))

    def least(self, start: int = 0, stop: int = 10**9) -> int:
        """The fewest replicas that were wanted in that time."""
        return min(moment.wanted for moment in self.between(start, stop))

    def first(self, ready: int) -> int:
        """When that many replicas were ready first, in seconds after the start."""
        return next(moment.at for moment in self.moments if moment.ready >= ready)

    def reversals(self) -> int:
        """How often what is wanted turned round within ten minutes of the change before."""
        changes = [
            (after.at, after.wanted > before.wanted)
            for before, after in pairwise(self.moments)
            if after.wanted != before.wanted
        ]
        return sum(
            up is not was_up and at - then <= FLAPPING
            for (then, was_up), (at, up) in pairwise(changes)
        )


async def step(fold: Fold, *, world: World, at: int) -> Sequence[Progress]:
    """What the loop does with one workload at one tick: advance, then learn what is new."""
    progress = await advance(
        [fold], history=world.history, to=at - LAG, settle=SETTLE, learning=world.learning
    )
    epoch = world.learning.coming(at)
    if fold.known and epoch not in fold.known:
        with suppress(SignalError):
            await teach([fold], epochs=[epoch], history=world.history, learning=world.learning)
    return progress
