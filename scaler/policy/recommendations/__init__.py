"""One file a signal; this is the registry. Order is the order in which reasons are listed."""

from collections.abc import Callable

from scaler.policy.model import Recommendation
from scaler.policy.recommendations import cache, event, forecast, latency, queue, utilization, work
from scaler.policy.situation import Situation

RECOMMENDATIONS: tuple[Callable[[Situation], Recommendation], ...] = (
    work.recommend,
    queue.recommend,
    cache.recommend,
    latency.recommend,
    utilization.recommend,
    forecast.recommend,
    event.recommend,
)
