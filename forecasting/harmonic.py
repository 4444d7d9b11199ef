"""Dynamic harmonic regression: waves of the seasons, and errors that fade."""

from fractions import Fraction

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Learned, Plan
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

    def restore(self, prepared: Prepared, *, plan: Plan, learned: Learned) -> "_Waves":
        """Return the fitted model."""
        del prepared
        return _Waves(design=self, plan=plan, terms=learned["terms"], errors=learned["errors"])

    def terms(self, prepared: Prepared, targets: IntArray) -> FloatArray:
        """Return constant, sines and cosines of local time; shape (*targets, terms)."""
        shifts = at_edge(prepared.shifts, targets) - at_edge(prepared.detours, targets)
        local = prepared.series.start // prepared.step + targets + shifts
        columns = [np.ones(targets.shape)]
        for season, numbers in self._numbers(prepared.step):
            # Powers of the first wave are the harmonics: far cheaper than a sine for each.
            first = np.exp(2j * np.pi * ((local * (prepared.step / season)) % 1.0))
            wave = np.ones_like(first)
            for number in range(1, max(numbers, default=0) + 1):
                wave = wave * first
                if number in numbers:
                    columns.extend((wave.real, wave.imag))
        return np.stack(columns, axis=-1)

    def _numbers(self, step: int) -> list[tuple[int, set[int]]]:
        """Return the harmonics of each season, each frequency once, none too fast for the grid."""
        taken: set[Fraction] = set()
        result = []
        for season, harmonics in self.waves:
            own = {
                number
                for number in range(1, harmonics + 1)
                if number * step / season < _NYQUIST and Fraction(number, season) not in taken
            }
            taken |= {Fraction(number, season) for number in own}
            result.append((season, own))
        return result


@attrs.frozen(kw_only=True, eq=False)
class _Waves:
    design: Harmonic
    plan: Plan
    terms: FloatArray
    errors: FloatArray

    def learned(self) -> Learned:
        return {"terms": self.terms, "errors": self.errors}

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
