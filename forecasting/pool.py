"""The candidates that every series gets: one fixed pool, whatever the series."""

from forecasting.candidate import Candidate
from forecasting.ewma import Ewma
from forecasting.harmonic import Harmonic
from forecasting.prepared import LEVEL_SECONDS
from forecasting.profile import Profile
from forecasting.reactive import LastValue, Reactive
from forecasting.ridge import DirectRidge, Lags
from forecasting.sparse_ar import SparseAr


def default_pool(*, seasons: tuple[int, ...], step: int) -> tuple[Candidate, ...]:
    """Return the candidates for these seasons; the first is the reactive baseline.

    Args:
        seasons: seconds, ascending; the shortest is the main one, the longest the other one.
        step: seconds of the series' step.
    """
    finest: tuple[Candidate, ...] = (LastValue(),) if step < LEVEL_SECONDS else ()
    flat = (Reactive(), *finest, *(Ewma(half_life=seconds) for seconds in (600, 3_600)))
    return (*flat, DirectRidge(name="ridge"), *_seasonal(seasons))


def _seasonal(seasons: tuple[int, ...]) -> tuple[Candidate, ...]:
    if not seasons:
        return ()
    short, long = seasons[0], seasons[-1]
    near = Lags(season=short, ages=(1, 2), usual=7)
    single: tuple[Candidate, ...] = (
        Profile(name="profile_short", season=short, seasons=5),
        DirectRidge(name="ridge_last", lags=(Lags(season=short, ages=(1,), usual=5),)),
        DirectRidge(name="ridge_short", lags=(near,)),
        SparseAr(name="ar_short", seasons=((short, (1, 1, 0)),)),
        Harmonic(name="harmonic_short", waves=((short, 12),)),
    )
    if long == short:
        return single
    return (
        *single,
        Profile(name="profile_long", season=long, seasons=3),
        DirectRidge(name="ridge_long", lags=(near, Lags(season=long, ages=(1,)))),
        SparseAr(name="ar_long", seasons=((short, (1, 1, 0)), (long, (1,)))),
        Harmonic(name="harmonic_long", waves=((short, 12), (long, 10))),
    )
