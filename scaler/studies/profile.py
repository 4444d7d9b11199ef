"""What a study was run with, as settings that the service takes unchanged."""

from collections.abc import Sequence

import yaml

from scaler.config.calendars import as_written
from scaler.studies.backtests import Account
from scaler.studies.plan import Plan

_SEASONS = {3_600: "hour", 86_400: "day", 604_800: "week"}


def settings(accounts: Sequence[Account], *, plan: Plan, name: str = "forecast") -> str:
    """Return a file of settings with one profile.

    Its forecast is used where every series has proved skill, else it is only shown.
    """
    proved = all(account.skill.low > 0 for account in accounts)
    metadata = {
        "forecast": "enabled" if proved else "observe",
        "forecastQuantile": f"{plan.quantile:g}",
        "season": ",".join(_SEASONS.get(season, f"{season}s") for season in plan.seasons),
        "timezone": plan.timezone,
    }
    calendars = {}
    if plan.events or plan.holidays:
        metadata["calendar"] = name
        events = [as_written(event) for event in plan.events]
        calendars[name] = {"events": events, "holidays": list(plan.holidays)}
    profile = {"extends": "realtime", "metadata": metadata}
    told = {"calendars": calendars, "profiles": {name: profile}, "defaults": {"profile": name}}
    found: str = yaml.safe_dump({k: v for k, v in told.items() if v}, sort_keys=False)
    return found
