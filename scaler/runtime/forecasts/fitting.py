"""The work of the forecasting process: from history to what is foreseen at each refresh."""

import math
from collections.abc import Iterator

import attrs
import numpy as np

from forecasting.calendar import Calendar, holidays_around
from forecasting.forecast import Forecast, ForecastSpec, Reason
from forecasting.forecaster import Fitted, Forecaster
from forecasting.health import health
from forecasting.prepared import Prepared, at_edge
from forecasting.series import Series
from scaler.policy.model import Belief, Foreseen
from scaler.runtime.forecasts.job import Answer, Job
from scaler.runtime.forecasts.keep import Keep
from scaler.runtime.forecasts.refreshing import DAY

SEASONS_BACK = 7
"""Seasons in which the usual peak of this time of day is looked for."""

_REMEMBERED = 7200
"""Seconds for which what was said is kept, so that a restart need not say it again."""

_TOLD = 5
"""Models that are named, heaviest first."""

_BELIEFS = {
    Reason.SKILL: Belief.SKILL,
    Reason.NO_SKILL: Belief.NO_SKILL,
    Reason.COLD: Belief.COLD,
    Reason.NO_DATA: Belief.NO_DATA,
}


def foresee(job: Job, *, keep: Keep) -> Answer:
    """Forecast a workload at each refresh of the job, from its history up to each.

    The same history gives the same answer, whatever was kept: a base is made of nothing else.
    """
    kept = keep.bases(job.name)
    before = keep.series(job.name, at=kept[-1]) if kept else None
    series = _joined(before, job)
    said = keep.said(job.name, asked=job.asked)
    foreseen = [
        said.get(refresh) or _foreseen(job, series, refresh=refresh, keep=keep)
        for refresh in job.refreshes
    ]
    recent = {each.at: each for each in foreseen}
    oldest = job.refreshes[-1] - _REMEMBERED
    newer = [each for at, each in (said | recent).items() if at >= oldest]
    keep.say(job.name, newer, asked=job.asked)
    return Answer(foreseen=tuple(foreseen), kept=next(reversed(keep.bases(job.name)), None))


def _joined(before: Series | None, job: Job) -> Series:
    """What is kept, continued by what the job brings; where they overlap, the job's are newer."""
    brought = Series(
        start=job.start,
        step=job.refreshing.step,
        values=np.array(job.values, dtype=np.float64),
        censored=np.frombuffer(job.least, dtype=np.uint8).astype(np.bool_),
    )
    if before is None or before.step != brought.step or before.start > brought.start:
        return brought
    before = before.before(brought.start)
    missing = (brought.start - before.end) // brought.step
    return Series(
        start=before.start,
        step=before.step,
        values=np.concatenate((before.values, np.full(missing, np.nan), brought.values)),
        censored=np.concatenate((before.censored, np.zeros(missing, np.bool_), brought.censored)),
    )


def _foreseen(job: Job, series: Series, *, refresh: int, keep: Keep) -> Foreseen:
    known = _trimmed(
        series.since(job.refreshing.base(refresh) - job.refreshing.memory).before(refresh)
    )
    if len(known) == 0 or known.end < refresh:
        return Foreseen(at=refresh, belief=Belief.NO_DATA)
    fitted = _fitted(job, known, base=job.refreshing.base(refresh), keep=keep)
    return _told(job, fitted)


def _trimmed(series: Series) -> Series:
    """The series without what comes before its first value: a workload that was not yet."""
    first = np.flatnonzero(np.isfinite(series.values))
    return series.slice(int(first[0]), len(series)) if first.size else series.slice(0, 0)


def _fitted(job: Job, known: Series, *, base: int, keep: Keep) -> Fitted:
    """What is known at the end of the series, from the coefficients of its base."""
    learned = known.before(base)
    if len(learned) == 0:
        return _forecaster(job, known).fit(known)
    forecaster = _forecaster(job, learned)
    fitted = keep.base(job.name, at=base, forecaster=forecaster, series=learned)
    if fitted is None:
        fitted = forecaster.fit(learned)
        keep.keep(job.name, fitted, at=base)
    return fitted.update(known)


def _forecaster(job: Job, series: Series) -> Forecaster:
    young = series.end - series.start < DAY
    refreshing = job.refreshing
    spec = ForecastSpec(
        horizon=job.window,
        window=job.window,
        quantile=job.quantile,
        levels=(0.5,),
        seasons=tuple(sorted(set(job.seasons))),
        memory=refreshing.memory,
        refit_every=refreshing.refit,
        record_every=refreshing.step if young else refreshing.record_every,
    )
    return Forecaster(spec=spec, calendar=_calendar(job, series))


def _calendar(job: Job, series: Series) -> Calendar:
    days = holidays_around(job.holidays, first=series.start, last=series.end)
    return Calendar(zone=job.timezone, events=job.events, holidays=days)


def _told(job: Job, fitted: Fitted) -> Foreseen:
    """A forecast in the policy's words; what is no number is left out."""
    made = fitted.predict()
    standing = fitted.verdict.at(fitted.track.times.size - 1)
    calibrated = math.isfinite(standing.margin) or made.reason is Reason.NO_DATA
    return Foreseen(
        at=made.at,
        belief=_BELIEFS[made.reason] if calibrated else Belief.COLD,
        quantile=job.quantile,
        window=made.window,
        bound=_known(made.bound),
        likely=_known(made.peak),
        usual=_usual(job, fitted.prepared),
        multiplier=_multiplier(job, fitted.prepared),
        headroom=_headroom(fitted),
        skill=_known(made.skill),
        coverage=_known(made.coverage),
        chosen=_chosen(made),
        note=_trouble(fitted),
    )


def _chosen(made: Forecast) -> tuple[tuple[str, float], ...]:
    return tuple((each.name, round(each.weight, 4)) for each in made.chosen[:_TOLD])


def _trouble(fitted: Fitted) -> str:
    """What somebody who relies on it should know."""
    lost = health(fitted).coverage_lost
    return "fewer bounds held than chance explains: margins are widening" if lost else ""


def _usual(job: Job, prepared: Prepared) -> float | None:
    """The highest demand of one window: the last one, and this time of day on days before.

    What was declared is taken out of the past, and what is declared ahead is put on top.
    """
    season = min(job.seasons, default=DAY)
    windows = _windows(_plain(prepared), window=job.window, season=season)
    known = [peak for peak in map(_peak, windows) if peak is not None]
    return max(known) * _multiplier(job, prepared) if known else None


def _plain(prepared: Prepared) -> Series:
    series, factors = prepared.series, prepared.factors
    if factors.size == 1:
        return series
    return attrs.evolve(series, values=series.values / factors[: len(series)])


def _multiplier(job: Job, prepared: Prepared) -> float:
    """The largest that is declared for the window ahead."""
    first = len(prepared)
    ahead = np.arange(first, first + job.window // prepared.step, dtype=np.int64)
    return float(at_edge(prepared.factors, ahead).max())


def _windows(series: Series, *, window: int, season: int) -> Iterator[Series]:
    yield series.since(series.end - window)
    for age in range(1, SEASONS_BACK + 1):
        first = series.end - age * season
        if first >= series.start:
            yield series.since(first).before(first + window)


def _peak(part: Series) -> float | None:
    known = part.values[np.isfinite(part.values)]
    return float(known.max()) if known.size else None


def _headroom(fitted: Fitted) -> float | None:
    """The factor on present demand that would have been enough, calibrated as the bound is."""
    said = fitted.headroom()
    return None if math.isnan(said) else max(said, 1.0)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
