"""What is asked of a forecaster, and what it answers."""

from enum import StrEnum

import attrs

from forecasting.arrays import FloatArray
from forecasting.prepared import DAY, WEEK


@attrs.frozen(kw_only=True)
class ForecastSpec:
    """What to forecast and how to judge it; one default for every series."""

    horizon: int = attrs.field(default=3_600, validator=attrs.validators.gt(0))
    """Seconds that the path reaches; rounded to steps."""

    window: int = attrs.field(default=3_600, validator=attrs.validators.gt(0))
    """Seconds over which the maximum is bounded: lead time plus refresh. At most the horizon."""

    quantile: float = attrs.field(
        default=0.9, validator=[attrs.validators.ge(0.5), attrs.validators.lt(1.0)]
    )
    """Share of windows whose maximum shall stay within the bound."""

    levels: tuple[float, ...] = (0.1, 0.5, 0.9)
    """One-sided quantiles of the path's bands."""

    seasons: tuple[int, ...] = (DAY, WEEK)
    """Seconds, ascending."""

    memory: int = 28 * DAY
    """Seconds of history that coefficients are learned from."""

    refit_every: int = 21_600
    """Seconds between refits, aligned to multiples of it."""

    record: int = 14 * DAY
    """Seconds of record that are kept; the last half decides weights and gate."""

    record_every: int = 900
    """Seconds between the record's origins; at least one step."""

    least_skill: float = 0.0
    """Skill against reactive that opens the gate when it is exceeded."""


class Reason(StrEnum):
    """Why the forecast is what it is."""

    SKILL = "skill"
    """The combination has proved better than reactive."""

    NO_SKILL = "no_skill"
    """Nothing beats reactive on this series: the path is reactive, the bound is calibrated
    headroom."""

    COLD = "cold"
    """Too little history to judge: reactive, with a fixed margin until there are scores."""

    NO_DATA = "no_data"
    """No value is known in the last day."""


@attrs.frozen(kw_only=True)
class Choice:
    """A candidate and its part in the forecast."""

    name: str
    weight: float


@attrs.frozen(kw_only=True, eq=False)
class Forecast:
    """A path, its bands, and the bound of the maximum; all in the unit of the series."""

    at: int
    """Unix seconds: everything before it was known, the path's first interval begins here."""

    step: int
    path: FloatArray
    """The likely value of each step (a median), shape (steps,)."""

    levels: tuple[float, ...]
    bands: FloatArray
    """Quantiles of each step, shape (levels, steps)."""

    window: int
    """Seconds that `peak` and `bound` look ahead."""

    peak: float
    """The likely maximum of the window."""

    quantile: float
    bound: float
    """The maximum of the window stays within it with probability `quantile`."""

    chosen: tuple[Choice, ...]
    """Candidates by weight, averaged over the window, heaviest first; reactive alone when the
    gate is closed."""

    skill: float
    """1 - error / reactive error over the last week in the window; NaN without a record."""

    coverage: float
    """Share of the last week's maxima within their bound; NaN without a record."""

    reason: Reason
