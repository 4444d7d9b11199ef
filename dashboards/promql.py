"""Pieces of PromQL that panels share.

Several scalers export the same workload, each under its own `instance`: what belongs to a workload
is the largest of what they say. `cluster` is there where somebody adds it, and empty where not.
"""

OWNER = "cluster, namespace, scaledobject"
NEARBY = 'cluster=~"$cluster",namespace=~"$namespace"'
CHOSEN = f'{NEARBY},scaledobject=~"$workload"'
SERVICE = 'cluster=~"$cluster"'


def of(
    metric: str, *labels: str, matching: str = "", shifted: str = "", among: str = CHOSEN
) -> str:
    """Return a metric of some workloads, one series for each, and for each of `labels`."""
    by = ", ".join((OWNER, *labels))
    inside = f"{among},{matching}" if matching else among
    return f"max by ({by}) ({metric}{{{inside}}}{shifted})"


def signal(name: str, *, shifted: str = "") -> str:
    """Return the newest reading of a signal."""
    return of("forescale_signal_value", matching=f'signal="{name}"', shifted=shifted)


def work(*, shifted: str = "") -> str:
    """Return work per second in the unit that the workload's capacity is known in."""
    tokens = of("forescale_capacity_tokens_per_second", shifted=shifted)
    requests = of("forescale_capacity_requests_per_second", shifted=shifted)
    return (
        f"({signal('tokens', shifted=shifted)} and {tokens})"
        f" or ({signal('requests', shifted=shifted)} and {requests})"
    )


def capacity() -> str:
    """Return the work per second of one replica."""
    tokens = of("forescale_capacity_tokens_per_second")
    return f"({tokens} or {of('forescale_capacity_requests_per_second')})"


def recorded(name: str) -> str:
    """Return what a rule has recorded for the chosen workloads."""
    return f"{name}{{{CHOSEN}}}"


def trouble(kind: str = "") -> str:
    """Return the chosen workloads in trouble, of one kind or of any."""
    matching = f',trouble="{kind}"' if kind else ""
    return f"workload:forescale_trouble:active{{{CHOSEN}{matching}}}"


def slowest(histogram: str, *labels: str, quantile: float = 0.99) -> str:
    """Return a quantile of a histogram of the scalers, over all of them."""
    by = ", ".join(("le", *labels))
    rate = f"rate({histogram}_bucket{{{SERVICE}}}[$__rate_interval])"
    return f"histogram_quantile({quantile:g}, sum by ({by}) ({rate}))"
