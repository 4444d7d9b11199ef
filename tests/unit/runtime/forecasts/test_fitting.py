"""The work of the forecasting process: a function of history up to a refresh, whatever is kept."""

import pickle
import zlib
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from forecasting.events import Event
from scaler.policy.model import Belief, Foreseen
from scaler.runtime.archive import read, write
from scaler.runtime.forecasts.fitting import foresee
from scaler.runtime.forecasts.folder import bases, path_of
from scaler.runtime.forecasts.job import Job, name_of
from scaler.runtime.forecasts.keep import Keep
from tests.simulated import asked
from tests.unit.runtime.forecasts.foreseeing import QUICK, START, work

DAYS = 2 * 86_400
FIRST = QUICK.base(START) - DAYS


def job(*, start: int = FIRST, end: int = START, refreshes: tuple[int, ...] = (START,)) -> Job:
    values = work((end - start) // 60, start=start)
    return Job(
        name="llama",
        workload="default/llama",
        refreshing=QUICK,
        window=720,
        quantile=0.9,
        seasons=(86_400,),
        timezone="UTC",
        events=(),
        holidays=(),
        start=start,
        values=array("d", values),
        least=bytes(len(values)),
        refreshes=refreshes,
    )


def only(told: tuple[Foreseen, ...]) -> Foreseen:
    (one,) = told
    return one


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Foreseen:
    """What is foreseen from all of the history at once."""
    return only(foresee(job(), keep=Keep(tmp_path_factory.mktemp("whole"))).foreseen)


def test_a_daily_wave_is_foreseen_with_skill_and_a_usual_peak(whole: Foreseen) -> None:
    assert (START, Belief.SKILL, 720) == (whole.at, whole.belief, whole.window)
    assert whole.bound is not None
    assert whole.likely is not None
    assert whole.usual is not None
    assert whole.likely < whole.bound < 1.2 * whole.likely
    assert 0.8 * whole.likely < whole.usual < 1.2 * whole.likely
    assert 5 >= len(whole.chosen) > 0


def test_a_base_and_what_is_new_say_what_the_whole_history_says(
    whole: Foreseen, tmp_path: Path
) -> None:
    keep, base = Keep(tmp_path), QUICK.base(START)
    first = foresee(job(end=base + 300, refreshes=(base + 300,)), keep=keep)
    assert base == first.kept

    assert whole == only(foresee(job(start=base), keep=Keep(tmp_path)).foreseen)


def test_several_refreshes_are_each_foreseen_from_what_was_known_then(
    whole: Foreseen, tmp_path: Path
) -> None:
    answer = foresee(job(refreshes=(START - 300, START)), keep=Keep(tmp_path))
    alone = foresee(job(end=START - 300, refreshes=(START - 300,)), keep=Keep(tmp_path / "alone"))

    assert (only(alone.foreseen), whole) == answer.foreseen


def test_what_was_said_is_said_again_after_a_restart(tmp_path: Path) -> None:
    first = foresee(job(), keep=Keep(tmp_path))

    nothing_new = attrs.evolve(job(start=START), refreshes=(START,))
    assert first.foreseen == foresee(nothing_new, keep=Keep(tmp_path)).foreseen


def test_a_refit_keeps_the_base_before_it_and_no_more(tmp_path: Path) -> None:
    keep = Keep(tmp_path)
    ends = [QUICK.base(START) + number * QUICK.refit + 600 for number in range(4)]
    for end in ends:
        foresee(job(end=end, refreshes=(end,)), keep=keep)

    assert [QUICK.base(end) for end in ends[-2:]] == bases(tmp_path, "llama")


def test_after_refits_a_chain_of_bases_says_what_the_whole_history_says(tmp_path: Path) -> None:
    chain, end = Keep(tmp_path / "chain"), START
    answer = foresee(job(), keep=chain)
    for _ in range(2):
        assert answer.kept is not None
        end += QUICK.refit
        answer = foresee(job(start=answer.kept, end=end, refreshes=(end,)), keep=chain)

    assert foresee(job(end=end, refreshes=(end,)), keep=Keep(tmp_path / "alone")) == answer


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def turned(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def of_another_version(path: Path) -> None:
    kept = read(path)
    assert kept is not None
    write(path, attrs.evolve(kept, document={**kept.document, "schema": "forescale-base/1"}))


def without_a_part(path: Path) -> None:
    kept = read(path)
    assert kept is not None
    arrays = {name: each for name, each in kept.arrays.items() if "coefficients" not in name}
    write(path, attrs.evolve(kept, arrays=arrays))


def without_a_word(path: Path) -> None:
    kept = read(path)
    assert kept is not None
    document = {name: each for name, each in kept.document.items() if name not in {"start", "said"}}
    write(path, attrs.evolve(kept, document=document))


def pickled(path: Path) -> None:
    path.write_bytes(zlib.compress(pickle.dumps(("forescale-base-1", {}))))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("where", ["base", "said"])
@pytest.mark.parametrize(
    "damage",
    [cut, turned, of_another_version, without_a_part, without_a_word, pickled, emptied],
)
def test_what_is_damaged_or_of_another_version_is_learned_anew(
    whole: Foreseen, tmp_path: Path, damage: Callable[[Path], None], where: str
) -> None:
    foresee(job(), keep=Keep(tmp_path))
    said, base = tmp_path / "llama.said", path_of(tmp_path, "llama", base=QUICK.base(START))
    if where == "base":
        said.unlink()
    damage(base if where == "base" else said)

    assert whole == only(foresee(job(), keep=Keep(tmp_path)).foreseen)


def test_what_is_kept_is_numbers_and_text(tmp_path: Path) -> None:
    foresee(job(), keep=Keep(tmp_path))

    for path in tmp_path.iterdir():
        kept = read(path)
        assert kept is not None
        assert all(each.dtype.kind in "fib" for each in kept.arrays.values())


def test_minutes_of_history_are_cold_and_none_are_no_data(tmp_path: Path) -> None:
    young = foresee(job(start=START - 600), keep=Keep(tmp_path / "young"))
    empty = attrs.evolve(job(start=START - 3600), values=array("d", [float("nan")] * 60))

    assert (Belief.COLD, None) == (only(young.foreseen).belief, young.kept)
    assert Belief.NO_DATA == only(foresee(empty, keep=Keep(tmp_path / "empty")).foreseen).belief


def test_lower_bounds_are_not_learned_from(whole: Foreseen, tmp_path: Path) -> None:
    bound = attrs.evolve(job(), least=bytes([1]) * len(job().values))

    assert Belief.COLD == only(foresee(bound, keep=Keep(tmp_path)).foreseen).belief
    assert Belief.COLD != whole.belief


def test_files_that_nobody_writes_to_are_swept(tmp_path: Path) -> None:
    old, new = tmp_path / "1.0", tmp_path / "2.0"
    keep = Keep(new)
    for each in (Keep(old), keep):
        foresee(job(), keep=each)
    written = path_of(new, "llama", base=QUICK.base(START)).stat().st_mtime

    keep.sweep(now=written + 34 * 86_400)
    assert [QUICK.base(START)] == bases(new, "llama") == bases(old, "llama")
    keep.sweep(now=written + 36 * 86_400)
    assert [] == [*new.iterdir(), *old.iterdir()]


def test_whatever_changes_what_is_read_changes_the_name() -> None:
    def name(**metadata: str) -> str:
        return name_of(asked(**metadata), refreshing=QUICK)

    assert name() == name(headroom="0.7", season="day")
    coarse = name_of(asked(), refreshing=attrs.evolve(QUICK, step=300))
    assert 3 == len({name(), name(model="m"), coarse})


SALE = Event(name="sale", start=START + 300, end=START + 3600, multiplier=3.0)


@pytest.mark.parametrize(
    "change",
    [
        {"window": 1020},
        {"quantile": 0.8},
        {"seasons": ()},
        {"timezone": "Europe/Berlin"},
        {"events": (SALE,)},
        {"holidays": ("DE", "FR")},
    ],
)
def test_what_is_asked_otherwise_is_learned_anew_from_the_history_that_is_kept(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    foresee(job(), keep=Keep(tmp_path))
    other = attrs.evolve(job(start=QUICK.base(START)), **change)
    whole = attrs.evolve(job(), **change)

    ours = foresee(other, keep=Keep(tmp_path)).foreseen
    assert foresee(whole, keep=Keep(tmp_path / "whole")).foreseen == ours
    assert other.window == only(ours).window


def test_what_is_declared_ahead_is_in_all_that_is_foreseen_and_named(
    whole: Foreseen, tmp_path: Path
) -> None:
    told = only(foresee(attrs.evolve(job(), events=(SALE,)), keep=Keep(tmp_path)).foreseen)

    assert (1.0, 3.0) == (whole.multiplier, told.multiplier)
    for name in ("bound", "likely", "usual"):
        assert pytest.approx(3.0 * getattr(whole, name), rel=0.1) == getattr(told, name)


def test_what_was_declared_is_not_taken_for_usual(whole: Foreseen, tmp_path: Path) -> None:
    yesterday = attrs.evolve(SALE, start=START - 86_400, end=START - 82_800)
    values = job().values
    for index in range((yesterday.start - FIRST) // 60, (yesterday.end - FIRST) // 60):
        values[index] *= 3.0
    known = attrs.evolve(job(), values=values, events=(yesterday,))
    unknown = attrs.evolve(job(), values=values)

    (told, fooled) = (
        only(foresee(each, keep=Keep(tmp_path / name)).foreseen)
        for name, each in (("known", known), ("unknown", unknown))
    )
    assert pytest.approx(whole.usual, rel=0.01) == told.usual
    assert pytest.approx(3.0 * (whole.usual or 0.0), rel=0.1) == fooled.usual


def test_a_lead_time_that_changes_a_little_changes_no_window() -> None:
    assert [720, 720, 900] == [QUICK.window(lead_time) for lead_time in (250, 300, 301)]
    assert 2520 == QUICK.window(2100)
