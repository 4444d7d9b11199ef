"""A calendar out of a file: what a history does not foretell."""

from pathlib import Path

import attrs

from scaler.config.calendars import Calendar, calendar
from scaler.errors import ConfigError, Problem


def calendar_in(path: Path) -> Calendar:
    """Return the calendar in a YAML file, with `events` and `holidays`.

    Raises:
        ConfigError: the file cannot be read, or has a mistake.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Problem(path=str(path), rule=f"cannot be read: {error}")) from error
    try:
        return calendar(text)
    except ConfigError as error:
        problems = (attrs.evolve(each, path=each.path or str(path)) for each in error.problems)
        raise ConfigError(*problems) from None
