"""The environment as settings see it: options of commands are left out of it."""

import os
from collections.abc import Mapping

import click

VARIABLES = frozenset(
    f"FORESCALE_{name}"
    for name in (
        *("AGAINST", "AT", "CALENDAR", "CAUSAL_ORIGINS", "CA_FILE", "CONFIG", "CONTEXT", "CSV"),
        *("EVENTS", "EXTERNAL", "SECRET", "SERVICE", "WAIT"),
        *("EVERY", "FAIL_IF", "FAULT", "FOR", "HEADER", "HOLIDAYS", "HORIZON", "HTML", "ID"),
        *("INPUT_SIZE", "JOBS", "JSON", "LAST", "RESUME", "TOKEN_FILE"),
        *("LEAD_TIME", "LEVEL", "LIVE", "NAMESPACE", "PEAK", "POLICY", "PROMETHEUS", "QUANTILE"),
        *("QUERY", "REFIT_EVERY", "SCHEDULER", "SEASON", "SEED", "SERVER", "SET", "SETTINGS"),
        *("SINCE", "SNAPSHOT", "SPEED", "STEP", "STRICT", "TIME", "TIMEZONE", "VALUE", "WARM_UP"),
        *("WINDOW", "WINDOWS"),
    )
)
"""Variables that are options of some command, known without importing them all."""


def settings_of(ctx: click.Context) -> Mapping[str, str]:
    """The variables that settings are read from, with the options of `forescale` itself on top."""
    others = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**others, **ctx.obj}
