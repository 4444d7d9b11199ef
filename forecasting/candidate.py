"""What a forecaster is to the rest of the package, and the plan that all of them follow."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np
from numpy.typing import NDArray

from forecasting.arrays import FloatArray, IntArray
from forecasting.prepared import DAY, Prepared


@attrs.frozen(kw_only=True, eq=False)
class Plan:
    """When to refit, how far to look, what to learn from."""

    knots: IntArray
    """Horizons, in steps, at which candidates speak; between them the path is interpolated."""

    refits: IntArray
    """Unix seconds, ascending and aligned: coefficients are learned from what was known at each
    of them."""

    memory: int = 28 * DAY
    """Seconds of history that a refit learns from."""

    def refit_of(self, prepared: Prepared, origins: IntArray) -> IntArray:
        """Return the index of the last refit at or before each origin, -1 where there is none."""
        times = prepared.series.start + origins * prepared.step
        return np.asarray(np.searchsorted(self.refits, times, side="right") - 1, dtype=np.int64)


class Model(Protocol):
    """A fitted candidate."""

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        """Return the forecast at every knot from every origin, on the square-root scale.

        Shape (origins, knots). NaN where the model has nothing to say. Row *o* depends on nothing
        at or after index *o*.
        """
        ...


class Candidate(Protocol):
    """A way to forecast."""

    @property
    def name(self) -> str:
        """Short and stable: it appears in metrics and reports."""
        ...

    def fit(self, prepared: Prepared, *, plan: Plan) -> Model:
        """Learn coefficients for every refit of the plan, each from what was known then."""
        ...


Learned = Mapping[str, NDArray[Any]]
"""Arrays by name: all that takes time to learn."""


@runtime_checkable
class Learning(Protocol):
    """A model with coefficients, as opposed to one that only reads the history."""

    def learned(self) -> Learned:
        """Return its coefficients, for `Restoring.restore`."""
        ...


@runtime_checkable
class Restoring(Protocol):
    """A candidate whose model can be put together again from its coefficients."""

    def restore(self, prepared: Prepared, *, plan: Plan, learned: Learned) -> Model:
        """Return the model that `fit` returned with the same arguments.

        Raises:
            KeyError: something is missing in *learned*.
        """
        ...


def restored(candidate: Candidate, prepared: Prepared, *, plan: Plan, learned: Learned) -> Model:
    """Return the candidate's model out of its coefficients, or fitted where it keeps none.

    Raises:
        KeyError: something is missing in *learned*.
    """
    if isinstance(candidate, Restoring):
        return candidate.restore(prepared, plan=plan, learned=learned)
    return candidate.fit(prepared, plan=plan)


def knots_of(horizon: int, *, season: int | None) -> IntArray:
    """Return horizons from 1 to *horizon*: every step at first, then ever wider apart.

    Never wider than 1/24 of a season, so that interpolation keeps its shape.

    Args:
        horizon: steps.
        season: the shortest season in steps.
    """
    widest = max(season // 24, 1) if season else horizon
    knots = [1]
    while knots[-1] < horizon:
        knots.append(min(knots[-1] + min(max(round(knots[-1] * 0.45), 1), widest), horizon))
    return np.array(knots, dtype=np.int64)
