"""Dynamic harmonic regression: waves of the seasons, and errors that fade."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Plan
from forecasting.prepared import Prepared, at_edge
from forecasting.regression import Rows, coefficients_at, solve

_ROW_SECONDS = 600
_ERROR_WINDOWS = (900, 10_800)
_NYQUIST = 0.5


@attrs.frozen(kw_only=True)
class Harmonic:
    """Fourier terms by ridge regression, plus what their recent errors say about the next ones.

    Harmonic regression with autocorrelated errors (P. C. Young et al., "Dynamic harmonic
    regression", 1999; Hyndman and Athanasopoulos, "Forecasting: principles and practice", 10.5).
    Instead of an ARIMA, one regression for each horizon foretells the error, learned from errors
    made out of sample.
    """

    name: str
    waves: tuple[tuple[int, int], ...]
    """Season in seconds, and how many harmonics of it."""

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Waves":
        """Learn the waves for each refit, then how their errors go on."""
        stride = prepared.steps(_ROW_SECONDS)
        first = -(prepared.series.start // prepared.step) % stride
        targets = np.arange(first, len(prepared), stride, dtype=np.int64)
        terms = self.terms(prepared, targets)
        rows = Rows(
            known_at=prepared.series.start + (targets + 1) * prepared.step,
            features=terms[:, None, :],
            outcomes=prepared.train[targets][:, None],
        )
        longest = max(season for season, _ in self.waves)
        least = max(2 * terms.shape[1], int(1.5 * longest / max(_ROW_SECONDS, prepared.step)))
        waves = _Waves(
            design=self,
            plan=plan,
            terms=solve(rows, plan=plan, least=least)[:, 0],
            errors=np.full((0, plan.knots.size, 1 + len(_ERROR_WINDOWS)), np.nan),
        )
        return attrs.evolve(waves, errors=waves.learn_errors(prepared, stride=stride))

    def terms(self, prepared: Prepared, targets: IntArray) -> FloatArray:
        """Return constant, sines and cosines of local time; shape (*targets, terms)."""
        shifts = at_edge(prepared.shifts, targets) - at_edge(prepared.detours, targets)
        local = prepared.series.start // prepared.step + targets + shifts
        frequencies = self._frequencies(prepared.step)
        terms = np.ones((*targets.shape, 1 + 2 * len(frequencies)))
        for number, frequency in enumerate(frequencies):
            angle = 2 * np.pi * ((local * frequency) % 1.0)
            np.sin(angle, out=terms[..., 2 * number + 1])
            np.cos(angle, out=terms[..., 2 * number + 2])
        return terms

    def _frequencies(self, step: int) -> list[float]:
        """Return the frequencies per step, without those too fast for the grid."""
        exact = {
            number * step / season
            for season, harmonics in self.waves
            for number in range(1, harmonics + 1)
        }
        distinct = {round(frequency, 12): frequency for frequency in exact if frequency < _NYQUIST}
        return sorted(distinct.values())


@attrs.frozen(kw_only=True, eq=False)
class _Waves:
    design: Harmonic
    plan: Plan
    terms: FloatArray
    errors: FloatArray

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        fitted, features = self._parts(prepared, origins)
        chosen = coefficients_at(self.errors, self.plan.refit_of(prepared, origins))
        correction = np.einsum("of,okf->ok", features, chosen)
        return np.where(np.isfinite(correction), fitted + correction, fitted + features[:, 1:2])

    def learn_errors(self, prepared: Prepared, *, stride: int) -> FloatArray:
        """Return what foretells the error at each knot; shape (refits, knots, 1 + windows)."""
        reach = int(self.plan.knots[-1])
        first = -(prepared.series.start // prepared.step) % stride
        origins = np.arange(first, len(prepared) - reach + 1, stride, dtype=np.int64)
        fitted, features = self._parts(prepared, origins)
        rows = Rows(
            known_at=prepared.series.start + (origins + reach) * prepared.step,
            features=np.repeat(features[:, None, :], self.plan.knots.size, axis=1),
            outcomes=prepared.train[origins[:, None] + self.plan.knots - 1] - fitted,
        )
        return solve(rows, plan=self.plan, least=4 * features.shape[1])

    def _parts(self, prepared: Prepared, origins: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the waves at every knot, and from every origin the mean errors they just made."""
        chosen = coefficients_at(self.terms, self.plan.refit_of(prepared, origins))
        targets = origins[:, None] + self.plan.knots - 1
        fitted = np.einsum("okf,of->ok", self.design.terms(prepared, targets), chosen)
        features = [np.ones(origins.size)]
        for seconds in _ERROR_WINDOWS:
            middle = origins - (prepared.steps(seconds) + 1) // 2
            wave = np.einsum("of,of->o", self.design.terms(prepared, middle), chosen)
            features.append(prepared.mean(origins, seconds=seconds) - wave)
        return fitted, np.stack(features, axis=-1)
