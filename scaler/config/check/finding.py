"""What a check says: each mistake and each trap, by a name that the documentation explains."""

from collections.abc import Iterable
from enum import StrEnum

import attrs


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """It is refused, or gives wrong numbers."""
    WARNING = "warning"
    """It works, and goes wrong one day."""
    NOTE = "note"
    """Worth knowing; only a person can tell whether it is wrong."""


class Code(StrEnum):
    """The name of each thing that can be found."""

    UNREADABLE = "unreadable"
    NOTHING = "nothing-to-check"
    REPEATED = "repeated-key"
    UNKNOWN = "unknown-key"
    BAD_VALUE = "bad-value"
    UNQUOTED = "unquoted"
    METRIC_TYPE = "metric-type"
    SCALED_JOB = "scaled-job"
    NO_ADDRESS = "no-address"
    BOUNDS = "bounds"
    SAME_TARGET = "same-target"
    TOLERANCE = "hpa-tolerance"
    TWICE_STABILIZED = "double-stabilization"
    NO_BACKSTOP = "no-backstop"
    UP_DELAYED = "scale-up-delayed"
    SIBLING = "sibling-trigger"
    FALLBACK_ASLEEP = "fallback-from-zero"
    FALLBACK_SMALL = "fallback-below-usual"
    CACHED = "cached-metrics"
    INITIAL_COOLDOWN = "initial-cooldown"
    NO_ACTIVATION = "no-activation"
    CLUSTER_IP = "cluster-ip"
    FROM_ENV = "from-env"
    TLS_METADATA = "tls-in-metadata"
    SCALE_TARGET = "scale-target"
    NO_READINESS = "no-readiness-probe"
    SHORT_GRACE = "short-grace"
    GPU_FRACTION = "gpu-fraction"
    SCRAPE = "scrape-alone"
    UNSEEN_CONFIG = "config-not-seen"
    FROZEN = "frozen"
    INSECURE = "insecure-source"
    SETTLE = "settle-short"
    NO_ANSWER = "no-answer"
    NO_DEMAND = "no-demand-signal"
    EMPTY_QUERY = "empty-query"
    AMBIGUOUS = "ambiguous"
    BAD_SIGNAL = "bad-signal"


_ERRORS = frozenset(
    {
        Code.UNREADABLE,
        Code.NOTHING,
        Code.REPEATED,
        Code.UNKNOWN,
        Code.BAD_VALUE,
        Code.UNQUOTED,
        Code.METRIC_TYPE,
        Code.SCALED_JOB,
        Code.NO_ADDRESS,
        Code.SAME_TARGET,
        Code.GPU_FRACTION,
        Code.NO_ANSWER,
        Code.NO_DEMAND,
        Code.EMPTY_QUERY,
        Code.AMBIGUOUS,
        Code.BAD_SIGNAL,
    }
)
_NOTES = frozenset({Code.CLUSTER_IP, Code.SCRAPE, Code.UNSEEN_CONFIG, Code.FROZEN})


def severity_of(code: Code) -> Severity:
    """How bad it is in general; a finding may be worse."""
    if code in _ERRORS:
        return Severity.ERROR
    return Severity.NOTE if code in _NOTES else Severity.WARNING


@attrs.frozen(kw_only=True)
class Finding:
    """One thing found.

    `key` is the key it is about, `says` one sentence of what is wrong, `value` what was given, `do`
    what to do about it. `about` is the workload, NAMESPACE/NAME. `document` counts the documents of
    the file from 1, `line` its lines; 0 where there is none.
    """

    code: Code
    says: str
    do: str = ""
    key: str = ""
    value: str = ""
    about: str = ""
    file: str = ""
    document: int = 0
    line: int = 0
    severity: Severity = attrs.field(
        default=attrs.Factory(lambda self: severity_of(self.code), takes_self=True)
    )


def count(findings: Iterable[Finding], severity: Severity) -> int:
    """How many of them are this bad."""
    return sum(finding.severity is severity for finding in findings)
