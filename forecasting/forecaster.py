"""The forecaster: one history in, one calibrated forecast out.

`Forecaster.fit` learns everything from a series: coefficients at every aligned refit time, the
record of all candidates over the last weeks, their weights and the margin. It keeps nothing else,
so two processes with the same series give the same forecast. `Fitted.update` takes new values in,
`Fitted.predict` answers.
"""

from typing import Any

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.calendar import Calendar
from forecasting.candidate import (
    Candidate,
    Learned,
    Learning,
    Model,
    Plan,
    knots_of,
    restored,
)
from forecasting.conformal import Adaptation
from forecasting.forecast import Choice, Forecast, ForecastSpec, Reason
from forecasting.pool import default_pool
from forecasting.prepared import DAY, Prepared
from forecasting.series import Series
from forecasting.track import Track, extend, follow, grid, spoken
from forecasting.verdict import (
    Rules,
    Standing,
    Verdict,
    bands_at,
    bound_of,
    coverage,
    judge,
    margins_of,
)

_FIRST_DAY_REFITS = 3_600
_TRACK = "record"


@attrs.frozen(kw_only=True)
class Forecaster:
    """A specification and its candidates; the first candidate is the reactive baseline."""

    spec: ForecastSpec = attrs.field(factory=ForecastSpec)

    candidates: tuple[Candidate, ...] | None = None
    """None: the default pool for the spec's seasons and the series' step."""

    calendar: Calendar = attrs.field(factory=Calendar)

    def fit(self, series: Series, *, since: int | None = None) -> "Fitted":
        """Learn from *series* alone, up to its end.

        Args:
            series: the history.
            since: Unix seconds of the first origin of the record; by default the spec's record
                before the end.

        Raises:
            ValueError: the series is empty.
        """
        basis = self._basis(series)
        rules, prepared = basis.rules, basis.prepared
        models = tuple(candidate.fit(prepared, plan=basis.plan) for candidate in basis.pool)
        first = series.end - self.spec.record if since is None else since
        times = grid(series, first=first, every=basis.every)
        track = follow(models, prepared, times=times, knots=rules.knots, window=rules.window)
        return self._fitted(basis, models=models, track=track)

    def restore(self, series: Series, *, learned: Learned) -> "Fitted":
        """Return what `fit` learned from *series*, out of `Fitted.learned`, in a moment.

        Raises:
            KeyError: something is missing in it.
            ValueError: it was learned by another forecaster, or the series is empty.
        """
        basis = self._basis(series)
        models = tuple(
            restored(
                candidate, basis.prepared, plan=basis.plan, learned=_part(learned, candidate.name)
            )
            for candidate in basis.pool
        )
        track = Track(**_part(learned, _TRACK))
        if track.paths.shape != (len(models), track.times.size, basis.rules.knots.size):
            raise ValueError("the record is another forecaster's")
        return self._fitted(basis, models=models, track=track)

    def _basis(self, series: Series) -> "_Basis":
        if len(series) == 0:
            raise ValueError("an empty series cannot be forecast")
        rules = self._rules(series)
        return _Basis(
            prepared=self.calendar.prepare(series, reach=int(rules.knots[-1])),
            plan=Plan(knots=rules.knots, refits=self._refits(series), memory=self.spec.memory),
            pool=self._pool(series),
            rules=rules,
            every=-(-max(self.spec.record_every, series.step) // series.step) * series.step,
        )

    def _fitted(self, basis: "_Basis", *, models: tuple[Model, ...], track: Track) -> "Fitted":
        return Fitted(
            forecaster=self,
            prepared=basis.prepared,
            names=tuple(candidate.name for candidate in basis.pool),
            models=models,
            every=basis.every,
            rules=basis.rules,
            track=track,
            verdict=judge(track, rules=basis.rules),
        )

    def next_refit(self, series: Series) -> int:
        """Return the Unix seconds at which coefficients should be learned anew."""
        young = series.end - series.start < DAY
        every = min(self.spec.refit_every, _FIRST_DAY_REFITS) if young else self.spec.refit_every
        return (series.end // every + 1) * every

    def _refits(self, series: Series) -> IntArray:
        """Return the aligned refit times; every hour on the first day, when hours still matter."""
        often = min(self.spec.refit_every, _FIRST_DAY_REFITS)
        first_day = _aligned(series.start, min(series.end, series.start + DAY), every=often)
        return np.union1d(
            first_day, _aligned(series.start, series.end, every=self.spec.refit_every)
        )

    def _pool(self, series: Series) -> tuple[Candidate, ...]:
        if self.candidates is not None:
            return self.candidates
        return default_pool(seasons=self.spec.seasons, step=series.step)

    def _rules(self, series: Series) -> Rules:
        horizon = max(round(self.spec.horizon / series.step), 1)
        window = min(max(round(self.spec.window / series.step), 1), horizon)
        season = round(self.spec.seasons[0] / series.step) if self.spec.seasons else None
        return Rules(
            baseline=0,
            step=series.step,
            knots=np.union1d(knots_of(horizon, season=season), [window]),
            window=window,
            record=self.spec.record // 2,
            least_skill=self.spec.least_skill,
            adaptation=Adaptation(quantile=self.spec.quantile),
        )


@attrs.frozen(kw_only=True, eq=False)
class _Basis:
    """What a series says before anything is learned from it."""

    prepared: Prepared
    plan: Plan
    pool: tuple[Candidate, ...]
    rules: Rules
    every: int


def _named(whose: str, name: str) -> str:
    return f"{whose}/{name}"


def _part(learned: Learned, whose: str) -> dict[str, Any]:
    """Return what belongs to one candidate, or to the record."""
    start = _named(whose, "")
    return {
        key.removeprefix(start): value for key, value in learned.items() if key.startswith(start)
    }


def _aligned(start: int, end: int, *, every: int) -> IntArray:
    """Return the multiples of *every* after *start*, up to and with *end*."""
    return np.arange((start // every + 1) * every, end + 1, every, dtype=np.int64)


@attrs.frozen(kw_only=True, eq=False)
class Fitted:
    """What was learned from one history."""

    forecaster: Forecaster
    prepared: Prepared
    names: tuple[str, ...]
    models: tuple[Model, ...]
    every: int
    """Seconds between the record's origins."""

    rules: Rules
    track: Track
    verdict: Verdict

    @property
    def series(self) -> Series:
        """The history."""
        return self.prepared.series

    def update(self, series: Series) -> "Fitted":
        """Return what is known with a longer *series*; when a refit is due, what `fit` returns.

        Raises:
            ValueError: the series has another start or step.
        """
        if series.start != self.series.start or series.step != self.series.step:
            raise ValueError("update takes the same series, grown")
        if series.end >= self.forecaster.next_refit(self.series):
            return self.forecaster.fit(series)
        prepared = self.forecaster.calendar.prepare(series, reach=int(self.rules.knots[-1]))
        known = self.track.times
        times = grid(
            series, first=int(known[-1]) + 1 if known.size else series.start, every=self.every
        )
        newer = follow(
            self.models, prepared, times=times, knots=self.rules.knots, window=self.rules.window
        )
        track = extend(
            self.track, newer, series=series, knots=self.rules.knots, window=self.rules.window
        )
        # What stood at an origin never changes later, so only a new origin needs a new judgment.
        verdict = judge(track, rules=self.rules) if times.size else self.verdict
        return attrs.evolve(self, prepared=prepared, track=track, verdict=verdict)

    def predict(self) -> Forecast:
        """Return the forecast from the end of the series."""
        spec, series, row = self.forecaster.spec, self.series, self.track.times.size - 1
        standing, baseline = self.verdict.at(row), self.rules.baseline
        origin = np.array([len(series)])
        said = spoken(self.models, self.prepared, origins=origin, knots=self.rules.knots)[:, 0]
        path = standing.forecast(said, baseline=baseline)
        peak = standing.peak(self.rules.peak_of(said), baseline=baseline)
        levels = bands_at(
            self.track, self.verdict, row=row, path=path, rules=self.rules, levels=spec.levels
        )
        declared = self._declared()
        lowest = float(np.fmax.reduce(declared[: self.rules.window]))
        return Forecast(
            at=series.end,
            step=series.step,
            path=np.fmax(self._by_step(path[None])[0], declared),
            levels=spec.levels,
            bands=np.fmax(self._by_step(levels), declared),
            window=self.rules.window * series.step,
            peak=float(np.fmax(peak, lowest)),
            quantile=spec.quantile,
            bound=float(np.fmax(bound_of(peak, standing.margin, quantile=spec.quantile), lowest)),
            chosen=self._chosen(standing),
            skill=standing.skill,
            coverage=coverage(self.track, self.verdict, rules=self.rules),
            reason=_reason(path, standing=standing),
        )

    def headroom(self) -> float:
        """Return the factor on the present that would have bounded the maximum without a forecast.

        It is calibrated as the bound is; NaN without a record, or where nothing was forecast.
        """
        baseline, row = self.rules.baseline, self.track.times.size - 1
        if row < 0:
            return float("nan")
        peaks = self.rules.peak_of(self.track.paths[baseline])
        margin = margins_of(self.track, peak=peaks, rules=self.rules)[row]
        if np.isnan(margin) or not peaks[row] > 0:
            return float("nan")
        bound = bound_of(peaks[row], margin, quantile=self.forecaster.spec.quantile)
        return float(bound / peaks[row])

    def learned(self) -> Learned:
        """Return what was learned, for `Forecaster.restore`; the series is not part of it."""
        found = {_named(_TRACK, name): value for name, value in attrs.asdict(self.track).items()}
        for name, model in zip(self.names, self.models, strict=True):
            if isinstance(model, Learning):
                found |= {_named(name, own): value for own, value in model.learned().items()}
        return found

    def _declared(self) -> FloatArray:
        """Return the declared minimum of every step; NaN where nothing is declared."""
        steps = np.arange(int(self.rules.knots[-1]), dtype=np.int64)
        lowest = self.forecaster.calendar.minimums(self.series.end + steps * self.series.step)
        return np.where(lowest > 0, lowest, np.nan)

    def _by_step(self, values: FloatArray) -> FloatArray:
        """Return values at the knots as values at every step; shape (rows, steps)."""
        steps = np.arange(1, int(self.rules.knots[-1]) + 1)
        return np.stack([np.interp(steps, self.rules.knots, row) for row in values])

    def _chosen(self, standing: Standing) -> tuple[Choice, ...]:
        if not standing.skilled:
            return (Choice(name=self.names[self.rules.baseline], weight=1.0),)
        weights = self.rules.in_window(standing.weights)
        order = np.argsort(-weights, kind="stable")
        return tuple(
            Choice(name=self.names[i], weight=float(weights[i])) for i in order if weights[i] > 0
        )


def _reason(path: FloatArray, *, standing: Standing) -> Reason:
    if np.isnan(path).any():
        return Reason.NO_DATA
    if np.isnan(standing.skill):
        return Reason.COLD
    return Reason.SKILL if standing.skilled else Reason.NO_SKILL
