"""Many recommendations to one."""

from scaler.policy.fuse import fuse, missing, voters
from scaler.policy.model import Gap, Reason, Recommendation, Signal
from scaler.policy.spec import Spec, Unit, Vote
from tests.builders import STEP
from tests.unit.policy.situations import lasting, situation, then

GAP = Gap(reason=Reason.STALE)


def test_the_largest_number_wins() -> None:
    fused = fuse(
        [
            Recommendation(signal="tokens", replicas=2.5),
            Recommendation(signal="queue", replicas=4.5),
            Recommendation(signal="cache"),
        ],
        situation=situation(lasting(1)),
    )
    assert (4.5, "queue") == (fused.replicas, fused.winner)


def test_order_does_not_matter() -> None:
    recommended = [Recommendation(signal=str(n), replicas=float(n), holds=n > 2) for n in range(5)]
    now = situation(lasting(1))
    one, other = fuse(recommended, situation=now), fuse(recommended[::-1], situation=now)
    assert (one.replicas, one.winner, set(one.held_by)) == (
        other.replicas,
        other.winner,
        set(other.held_by),
    )


def test_where_nobody_names_a_number_agreement_is_a_step_less() -> None:
    fused = fuse([Recommendation(signal="queue", agrees=True)], situation=situation(lasting(1)))
    assert (3.0, "agreement") == (fused.replicas, fused.winner)


def test_where_nobody_says_anything_nothing_is_wished() -> None:
    fused = fuse([Recommendation(signal="queue")], situation=situation(lasting(1)))
    assert (None, "hold") == (fused.replicas, fused.winner)


def test_a_wild_number_is_still_one_that_fits_an_integer() -> None:
    fused = fuse([Recommendation(signal="queue", replicas=1e14)], situation=situation(lasting(1)))
    assert 1e6 == fused.replicas


def test_who_forbids_scale_in_is_named() -> None:
    partial = then(lasting(1, reporting=2, ready=4), 5, reporting=2, ready=4)
    fused = fuse([Recommendation(signal="latency", holds=True)], situation=situation(partial))
    assert ("latency", "reporting") == fused.held_by


def test_the_voters_are_what_scale_in_is_not_safe_without() -> None:
    always = {Signal.TOKENS, Signal.WAITING, Signal.CACHE, Signal.REJECTED}
    assert {*always, Signal.LATENCY} == set(voters(situation(lasting(1))))
    alone = Spec(unit=Unit.REQUESTS, latency=Vote.OFF, utilization=Vote.RAISE)
    expected = always - {Signal.TOKENS} | {Signal.REQUESTS, Signal.UTILIZATION}
    assert expected == set(voters(situation(lasting(1), spec=alone)))


def test_a_voter_that_was_there_and_is_gone_holds_and_one_that_never_was_does_not() -> None:
    gone = situation(then(lasting(20), 1, tokens=GAP))
    assert ("tokens",) == fuse([], situation=gone).gaps
    never = situation(lasting(4, tokens=GAP))
    assert () == fuse([], situation=never).gaps


def test_voters_that_take_turns_hold_no_longer_than_hold_for() -> None:
    spec = Spec(hold_for=120)
    history = lasting(4)
    for _ in range(120 // STEP):
        history = then(then(history, 1, tokens=GAP), 1, waiting=GAP)
    assert () == fuse([], situation=situation(history, spec=spec)).gaps


def test_a_signal_with_nothing_to_report_is_not_missing() -> None:
    idle = {"latency": Gap(reason=Reason.SPARSE), "tokens": Gap(reason=Reason.IDLE)}
    history = then(lasting(20), 1, **idle)
    seen = situation(history)
    assert ((), {}) == (fuse([], situation=seen).gaps, missing(seen))
