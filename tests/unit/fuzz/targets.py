"""What is fuzzed: each takes a generator of numbers and tries one input made from it."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from tests.unit.fuzz.answer_inputs import (
    exposed,
    read_without_inventing,
    reply,
    series_without_inventing,
)
from tests.unit.fuzz.settings_inputs import (
    configuration,
    loaded_or_refused,
    metadata,
    understood_or_refused,
)

Try = Callable[[Random], float]
"""Tries one input; the longest work without a turn for others, in seconds of CPU."""


def targets(folder: Path) -> dict[str, Try]:
    """By name; `folder` is for inputs that must be files."""
    return {
        "metadata": lambda rng: _timed(partial(understood_or_refused, metadata(rng))),
        "config": lambda rng: _timed(partial(loaded_or_refused, configuration(rng), folder=folder)),
        "page": lambda rng: read_without_inventing(exposed(rng)),
        "reply": lambda rng: _timed(partial(series_without_inventing, reply(rng))),
    }


def _timed(attempt: Callable[[], None]) -> float:
    began = time.thread_time()
    attempt()
    return time.thread_time() - began
