"""What a track record says: whom to believe, whether to believe at all, and the margin."""

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray, root, square
from forecasting.combination import Window, pooled_ratio, ratios, weighted_median, weights_of
from forecasting.conformal import Adaptation, bands, cold, margins
from forecasting.metrics import pinball
from forecasting.prepared import DAY
from forecasting.track import Track


@attrs.frozen(kw_only=True)
class Rules:
    """How a record is judged."""

    baseline: int
    """Index of the reactive candidate."""

    step: int
    """Seconds of the series' step."""

    knots: IntArray = attrs.field(eq=False)

    window: int
    """Steps over which the maximum is bounded."""

    record: int = 7 * DAY
    """Seconds of record that count."""

    least_skill: float = 0.0
    """Without more skill than this, the forecast is reactive."""

    adaptation: Adaptation

    def per_day(self, times: IntArray) -> float:
        """Return how many of these origins lie in a day."""
        return DAY / self.every(times)

    def every(self, times: IntArray) -> int:
        """Return the seconds between origins."""
        return int(times[1] - times[0]) if times.size > 1 else self.step

    def peak_of(self, path: FloatArray) -> FloatArray:
        """Return the highest point of each path inside the window; the last axis is the knots."""
        return np.asarray(path[..., self.knots <= self.window].max(axis=-1))

    def in_window(self, values: FloatArray) -> FloatArray:
        """Return the mean over the knots inside the window, the last axis."""
        return np.asarray(values[..., self.knots <= self.window].mean(axis=-1))

    def sliding(self, times: IntArray, *, delays: IntArray) -> Window:
        """Return the window over these origins for outcomes that take *delays* steps."""
        every = self.every(times)
        return Window(
            delays=-(-(delays * self.step) // every),
            width=max(self.record // every, 1),
            per_day=self.per_day(times),
        )


@attrs.frozen(kw_only=True, eq=False)
class Verdict:
    """The record's judgment as it stood at every origin; each row saw only what was known then."""

    weights: FloatArray
    """Shape (candidates, origins, knots)."""

    skilled: BoolArray
    """Whether the gate is open, shape (origins,)."""

    skill: FloatArray
    """1 - error / reactive error, shape (origins,); NaN without a record."""

    path: FloatArray
    """The forecast behind the gate, shape (origins, knots)."""

    margin: FloatArray
    """Margin of the window's maximum on the square-root scale, shape (origins,); NaN without a
    record."""

    peak_weights: FloatArray
    """Weights that forecast the maximum, shape (candidates, origins)."""

    candidate_bounds: FloatArray
    """Upper bounds by each candidate alone, shape (candidates, origins)."""

    bound: FloatArray
    """Upper bound of the window's maximum at the wanted quantile, shape (origins,)."""

    def at(self, row: int) -> "Standing":
        """Return how things stand at one origin; without any, nothing is believed."""
        if row < 0:
            candidates, _, knots = self.weights.shape
            return Standing(
                weights=np.zeros((candidates, knots)),
                peak_weights=np.zeros(candidates),
                skilled=False,
                skill=float("nan"),
                margin=float("nan"),
            )
        return Standing(
            weights=self.weights[:, row],
            peak_weights=self.peak_weights[:, row],
            skilled=bool(self.skilled[row]),
            skill=float(self.skill[row]),
            margin=float(self.margin[row]),
        )


@attrs.frozen(kw_only=True, eq=False)
class Standing:
    """The judgment at one origin."""

    weights: FloatArray
    """Shape (candidates, knots)."""

    peak_weights: FloatArray
    """Shape (candidates,)."""

    skilled: bool
    skill: float
    margin: float

    def forecast(self, paths: FloatArray, *, baseline: int) -> FloatArray:
        """Return the path behind the gate from what the candidates say now; shape (knots,)."""
        combined = weighted_median(paths, self.weights)
        return np.where(self.skilled & np.isfinite(combined), combined, paths[baseline])

    def peak(self, peaks: FloatArray, *, baseline: int) -> float:
        """Return the likely maximum from those of the candidates, shape (candidates,)."""
        combined = float(weighted_median(peaks, self.peak_weights))
        return combined if self.skilled and np.isfinite(combined) else float(peaks[baseline])


def judge(track: Track, *, rules: Rules) -> Verdict:
    """Return the judgment of a record at each of its origins."""
    window = rules.sliding(track.times, delays=rules.knots)
    reactive = track.paths[rules.baseline]
    baseline = np.abs(reactive - track.actual)
    ratio = ratios(np.abs(track.paths - track.actual), baseline=baseline, window=window)
    weights = weights_of(ratio, available=np.isfinite(track.paths))
    combined = weighted_median(track.paths, weights)
    errors = np.abs(combined - track.actual)
    skill, skilled = _gate(errors, baseline=baseline, window=window, rules=rules)
    peaks = _peaks(track, skilled=skilled, rules=rules)
    return Verdict(
        weights=weights,
        skilled=skilled,
        skill=skill,
        path=np.where(skilled[:, None] & np.isfinite(combined), combined, reactive),
        peak_weights=peaks.weights,
        candidate_bounds=peaks.candidate_bounds,
        margin=peaks.margin,
        bound=bound_of(peaks.peak, peaks.margin, quantile=rules.adaptation.quantile),
    )


@attrs.frozen(kw_only=True, eq=False)
class _Peaks:
    weights: FloatArray
    candidate_bounds: FloatArray
    peak: FloatArray
    margin: FloatArray


def _peaks(track: Track, *, skilled: BoolArray, rules: Rules) -> _Peaks:
    """Return how the window's maximum is forecast: whose bound cost least decides."""
    quantile = rules.adaptation.quantile
    said = rules.peak_of(track.paths)
    margins = np.stack([margins_of(track, peak=peak, rules=rules) for peak in said])
    bounds = bound_of(said, margins, quantile=quantile)
    losses = pinball(track.peak, bounds, quantile=quantile)
    losses = np.where(np.isnan(margins), np.nan, losses)[..., None]
    window = rules.sliding(track.times, delays=np.array([rules.window]))
    ratio = ratios(losses, baseline=losses[rules.baseline], window=window)[..., 0]
    weights = weights_of(ratio, available=np.isfinite(said))
    combined = weighted_median(said, weights)
    use = skilled & np.isfinite(combined)
    margin = margins_of(track, peak=combined, rules=rules)
    return _Peaks(
        weights=weights,
        candidate_bounds=bounds,
        peak=np.where(use, combined, said[rules.baseline]),
        margin=np.where(use, margin, margins[rules.baseline]),
    )


def bound_of(
    peak: FloatArray | float, margin: FloatArray | float, *, quantile: float
) -> FloatArray:
    """Return the maximum's upper bound: forecast plus margin, a fixed share without one."""
    return np.where(np.isnan(margin), cold(peak, quantile=quantile), square(root(peak) + margin))


def coverage(track: Track, verdict: Verdict, *, rules: Rules) -> float:
    """Return the share of the known maxima that stayed within their bound; NaN without any."""
    recent = slice(-max(rules.record // rules.every(track.times), 1), None)
    known = np.isfinite(track.peak[recent]) & np.isfinite(verdict.margin[recent])
    if not known.any():
        return float("nan")
    return float(np.mean(track.peak[recent][known] <= verdict.bound[recent][known]))


def bands_at(
    track: Track,
    verdict: Verdict,
    *,
    row: int,
    path: FloatArray,
    rules: Rules,
    levels: tuple[float, ...],
) -> FloatArray:
    """Return quantiles around *path* from the errors known at one row; shape (levels, knots)."""
    window = rules.sliding(track.times, delays=rules.knots)
    rows = row - window.delays - np.arange(window.width)[:, None]
    knots = np.arange(rules.knots.size)
    known = rows >= 0
    chosen = np.where(known, rows, 0)
    if row < 0:
        scores = np.full(rows.shape, np.nan)
    else:
        error = root(track.actual[chosen, knots]) - root(verdict.path[chosen, knots])
        scores = np.where(known, error, np.nan)
    margin = bands(scores, levels=levels)
    fallback = np.stack([cold(path, quantile=level) for level in levels])
    return np.where(np.isnan(margin), fallback, square(root(path) + margin))


def _gate(
    errors: FloatArray, *, baseline: FloatArray, window: Window, rules: Rules
) -> tuple[FloatArray, BoolArray]:
    """Return skill and verdict over the whole horizon: one that differs by knot only adds noise."""
    known = window.sums(np.isfinite(baseline).astype(np.float64)).any(axis=1)
    skill = 1.0 - pooled_ratio(errors, baseline=baseline, window=window)
    return np.where(known, skill, np.nan), known & (skill > rules.least_skill)


def margins_of(track: Track, *, peak: FloatArray, rules: Rules) -> FloatArray:
    """Return the margin in force at every origin for these forecasts of the maximum."""
    window = rules.sliding(track.times, delays=np.array([rules.window]))
    return margins(
        root(track.peak) - root(peak),
        delay=int(window.delays[0]),
        width=window.width,
        adaptation=rules.adaptation,
    )
