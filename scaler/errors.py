"""Everything that Forescale raises on purpose.

ForescaleError
├── ConfigError            bad trigger metadata, file or environment
├── SignalError            a source gave no answer: nothing is folded
│   ├── SignalTimeout      … in time
│   ├── SignalUnavailable  … at all: refused, reset, 5xx, unauthorized
│   └── SignalMalformed    … that can be read
├── Defect                 a fault of our own, which concerns one workload
├── ForecastFailed         there is no forecast of one workload, for now
├── UnknownWorkload        nobody has asked for or declared it
└── DecisionExpired        nothing true can be said any more
"""

import attrs


class ForescaleError(Exception):
    """Root of the tree; `str()` is one sentence for a person."""


@attrs.frozen(kw_only=True)
class Problem:
    """One thing wrong with a configuration.

    `path` names the key (`profiles.mine.headroom`), `rule` says what must hold, `value` is what
    was given, `hint` what was probably meant.
    """

    path: str
    rule: str
    value: str = ""
    hint: str = ""

    def __str__(self) -> str:
        given = f", got {self.value!r}" if self.value else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.path}: {self.rule}{given}{hint}"


class ConfigError(ForescaleError):
    """A configuration that cannot be used; carries every problem found, not only the first."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class SignalError(ForescaleError):
    """A source gave no answer. `reason` labels the error counter."""

    reason = "error"


class SignalTimeout(SignalError):
    """No answer in time."""

    reason = "timeout"


class SignalUnavailable(SignalError):
    """The source could not be reached or refused."""

    reason = "unavailable"


class SignalMalformed(SignalError):
    """The source answered something that cannot be read."""

    reason = "malformed"


class Defect(ForescaleError):
    """Something failed that must not fail; `__cause__` has the traceback."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"a fault in Forescale: {type(cause).__name__}: {cause}")
        self.__cause__ = cause


class ForecastFailed(ForescaleError):
    """No forecast could be made; the last one goes on, or what is measured."""


class UnknownWorkload(ForescaleError):
    """Nobody has asked for this workload and no configuration declares it."""


class DecisionExpired(ForescaleError):
    """There is no decision that is still true; the message says since when and why."""
