"""Text to values: durations as Go writes them, plain decimals, lists, HPA scaling policies.

A parser takes the text a user wrote and returns the value, or raises `Invalid` with the rule that
the text breaks. Whoever calls it knows the key and makes the `Problem`.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scaler.errors import Problem
from scaler.policy.spec import ScalingPolicy

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Parser = Callable[[str], T]

DAY = 24 * 3600
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_TERM = re.compile(rf"({_NUMBER})(ms|us|µs|ns|h|m|s)")
_DURATION = re.compile(rf"(?:(?:{_NUMBER})(?:ms|us|µs|ns|h|m|s))+")
_BARE = re.compile(r"[0-9]{1,15}")
_DECIMAL = re.compile(rf"[+-]?(?:{_NUMBER})(?:[eE][+-]?[0-9]{{1,3}})?")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_QUOTED = r'"(?:[^"\\\n]|\\[^\n])*"|' + r"'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`"
_MATCHER = re.compile(rf"\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(?:=~|!~|!=|=)\s*(?:{_QUOTED})\s*")
_KIND = re.compile(r"(?=[A-Z0-9]*[a-z])[A-Z][A-Za-z0-9]{0,62}")
_SCALED = (
    "Deployment",
    "StatefulSet",
    "ReplicaSet",
    "LeaderWorkerSet",
    "Rollout",
    "InferenceService",
)
"""Kinds that serve models and can be scaled; any other may be named as well."""
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_POLICY = re.compile(r"([0-9]{1,9})(%?)/(\S+)")


class Invalid(ValueError):
    """A text that is not the value it should be: the rule it breaks, and what was meant."""

    def __init__(self, rule: str, *, hint: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.hint = hint

    def problem(self, path: str, *, value: str) -> Problem:
        """This failure as a problem with the key `path`."""
        return Problem(path=path, rule=self.rule, value=value, hint=self.hint)


def nearest(word: str, known: Collection[str]) -> str:
    """The hint that names what `word` was probably meant to be; empty where nothing is near."""
    folded = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), folded, n=1)
    return f"did you mean {folded[found[0]]!r}?" if found else ""


def words(text: str) -> tuple[str, ...]:
    """The non-empty items of a comma-separated list; an empty text is an empty list."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def text(given: str) -> str:
    """Any text with something in it."""
    if not given.strip():
        raise Invalid("must not be empty")
    return given.strip()


def kind(given: str) -> str:
    """The kind of a Kubernetes object, in the case in which it is looked up."""
    stripped = given.strip()
    known = {kind.lower(): kind for kind in _SCALED}.get(stripped.lower(), stripped)
    if known != stripped or not _KIND.fullmatch(stripped):
        rule = "must be a kind as its API spells it, such as Deployment"
        raise Invalid(rule, hint=nearest(stripped, _SCALED))
    return stripped


def boolean(given: str) -> bool:
    """`true` or `false`, in any case."""
    return one_of({"true": True, "false": False})(given.lower())


def one_of(choices: Mapping[str, T]) -> Parser[T]:
    """One of a few words."""

    def parse(given: str) -> T:
        try:
            return choices[given.strip()]
        except KeyError:
            # YAML reads an unquoted on or off as a boolean.
            quoted = {"true": "on", "false": "off"}.get(given.strip(), "")
            hint = f'quote it: "{quoted}"' if quoted in choices else nearest(given, choices)
            raise Invalid(f"must be one of {', '.join(choices)}", hint=hint) from None

    return parse


def enum(kind: type[E]) -> Parser[E]:
    """One of an enumeration's values."""
    return one_of({str(member.value): member for member in kind})


def seconds(*, low: float = 0.0, high: float = DAY) -> Parser[float]:
    """A duration in seconds: `1h30m`, `500ms`; a bare integer counts seconds."""

    def parse(given: str) -> float:
        stripped = given.strip()
        if _BARE.fullmatch(stripped):
            total = float(stripped)
        elif _DURATION.fullmatch(stripped):
            total = sum(float(amount) * _UNITS[unit] for amount, unit in _TERM.findall(stripped))
        else:
            hint = "a day is 24h" if stripped.endswith("d") else ""
            raise Invalid("must be a duration such as 30s, 5m or 1h30m", hint=hint)
        if not low <= total <= high:
            raise Invalid(f"must be between {_go(low)} and {_go(high)}")
        return total

    return parse


def _go(duration: float) -> str:
    """A duration as it is written in Go, for messages: the largest unit that divides it."""
    for unit in ("h", "m", "s", "ms"):
        count = duration / _UNITS[unit]
        if count >= 1 and math.isclose(count, round(count)):
            return f"{round(count)}{unit}"
    return f"{duration:g}s"


def whole_seconds(*, low: int = 0, high: int = DAY) -> Parser[int]:
    """A duration that is a whole number of seconds."""
    duration = seconds(low=low, high=high)

    def parse(given: str) -> int:
        total = duration(given)
        if not total.is_integer():
            raise Invalid("must be a whole number of seconds")
        return int(total)

    return parse


def number(*, low: float = 0.0, above: float | None = None, high: float = 1e12) -> Parser[float]:
    """A finite decimal from `low` (or strictly above `above`) to `high`."""

    def parse(given: str) -> float:
        stripped = given.strip()
        if not _DECIMAL.fullmatch(stripped):
            raise Invalid("must be a plain decimal number")
        value = float(stripped)
        if above is not None and value <= above:
            raise Invalid(f"must be above {above:g}")
        if not low <= value <= high:
            raise Invalid(f"must be between {low:g} and {high:g}")
        return value

    return parse


positive = number(above=0.0)
share = number(above=0.0, high=1.0)


def quantile(given: str) -> float:
    """A number strictly between 0 and 1."""
    value = share(given)
    if value >= 1.0:
        raise Invalid("must be below 1", hint="0.95 is the 95th percentile")
    return value


def integer(*, low: int = 0, high: int = 1_000_000) -> Parser[int]:
    """A whole number from `low` to `high`."""
    decimal = number(low=low, high=high)

    def parse(given: str) -> int:
        value = decimal(given)
        if not value.is_integer():
            raise Invalid("must be a whole number")
        return int(value)

    return parse


def auto(parser: Parser[T]) -> Parser[T | None]:
    """`auto`, which is None, or what `parser` reads."""
    return lambda given: None if given.strip() == "auto" else parser(given)


def several(parser: Parser[T]) -> Parser[tuple[T, ...]]:
    """A comma-separated list with at least one item."""

    def parse(given: str) -> tuple[T, ...]:
        items = words(given)
        if not items:
            raise Invalid("must name at least one")
        return tuple(parser(item) for item in items)

    return parse


def kubernetes_name(given: str) -> str:
    """A name that Kubernetes accepts for an object."""
    if not _NAME.fullmatch(given):
        raise Invalid("must be a Kubernetes name: lower-case letters, digits, '-' and '.'")
    return given


def label(given: str) -> str:
    """The name of a Prometheus label."""
    if not _LABEL.fullmatch(given):
        raise Invalid("must be the name of a Prometheus label")
    return given


def season(given: str) -> int:
    """A season in seconds: `hour`, `day`, `week`, or a duration of ten minutes to a year."""
    named = {"hour": 3600, "day": DAY, "week": 7 * DAY}
    return named.get(given) or whole_seconds(low=600, high=366 * DAY)(given)


def address(given: str) -> str:
    """What a server listens on: `HOST:PORT`, `:PORT` for every interface, port 0 for any."""
    host, colon, port = given.strip().rpartition(":")
    if not colon or re.search(r"\s|/", host) or not re.fullmatch(r"[0-9]{1,5}", port):
        raise Invalid("must be HOST:PORT or :PORT")
    if int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise Invalid("must have a port of at most 65535")
    return f"{host}:{port}"


def url(given: str) -> str:
    """An http or https address, without credentials in it."""
    try:
        parts = urlsplit(given.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or re.search(r"\s", given.strip()):
        raise Invalid("must be an http:// or https:// address")
    if parts.username is not None:
        raise Invalid("must not carry credentials", hint="name a source of the config file instead")
    return given.strip()


def matchers(given: str) -> str:
    """PromQL matchers: `label="value"`, comma-separated, nothing else.

    They are put between the braces of generated queries, so a text that closes the brace must not
    pass: it would read what other namespaces own.
    """
    rest = given.strip().removesuffix(",")
    while rest:
        match = _MATCHER.match(rest)
        if match is None or rest[match.end() : match.end() + 1] not in {"", ","}:
            raise Invalid('must be PromQL matchers such as job="vllm",cluster=~"eu-.*"')
        rest = rest[match.end() + 1 :]
    return given.strip().removesuffix(",")


def policies(given: str) -> tuple[ScalingPolicy, ...]:
    """HPA scaling policies: `100%/15s,4/15s` is 100 percent, or 4 replicas, in 15 seconds."""
    return several(_policy)(given)


def _policy(given: str) -> ScalingPolicy:
    match = _POLICY.fullmatch(given)
    if match is None:
        raise Invalid("must be scaling policies such as 100%/15s,4/15s")
    # The HPA's own bounds on a policy.
    period = whole_seconds(low=1, high=1800)(match[3])
    amount = integer(low=1, high=2**31 - 1)(match[1])
    return ScalingPolicy(amount=amount, percent=bool(match[2]), period=period)


def timezone(given: str) -> str:
    """A time zone of the IANA database."""
    try:
        ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("must be a time zone such as UTC or Europe/Berlin") from None
    return given
