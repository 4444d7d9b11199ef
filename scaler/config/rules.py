"""Rules over more than one key of the trigger metadata, and over what the operator permits."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from scaler.config.addresses import allowed
from scaler.config.declared import Declared
from scaler.config.engines import Engine
from scaler.config.keys import KEYS
from scaler.config.metadata import Texts, shown
from scaler.config.settings import Settings
from scaler.config.values import nearest
from scaler.config.workload import SourceKind
from scaler.errors import Problem
from scaler.policy.spec import Spec

QUERIES = tuple(name for name, key in KEYS.items() if key.into.startswith("queries."))
_ADDRESSES = ("serverAddress", "endpoints", "activationEndpoints")
_ORDERED = (
    ("minReplicas", "maxReplicas"),
    ("utilizationLow", "utilizationHigh"),
    ("leadTime", "leadTimeMax"),
)


@attrs.frozen(kw_only=True)
class Asked:
    """Everything asked for one workload, each value right by itself."""

    namespace: str
    engine: Engine
    texts: Texts
    parsed: Mapping[str, Any]
    declared: Declared
    spec: Mapping[str, Any]
    trusted: bool

    @property
    def source(self) -> SourceKind:
        """Where the signals are read."""
        return self.parsed.get("source", SourceKind.PROMETHEUS)  # type: ignore[no-any-return]

    def path(self, name: str) -> str:
        """The key as its owner spelled it."""
        return self.texts[name].path if name in self.texts else name


def broken(asked: Asked, *, settings: Settings) -> list[Problem]:
    """Every rule that does not hold."""
    return [
        *_order(asked),
        *_events(asked),
        *_capacity(asked),
        *_queries(asked),
        *_scrape(asked),
        *_prometheus(asked, settings=settings),
        *_allowed(asked, settings=settings),
    ]


def _order(asked: Asked) -> Iterator[Problem]:
    for low, high in _ORDERED:
        low_value, high_value = _value(asked, low), _value(asked, high)
        if low_value is not None and high_value is not None and low_value > high_value:
            rule = f"must not exceed {high}, which is {high_value:g}"
            yield Problem(path=asked.path(low), rule=rule, value=f"{low_value:g}")


def _events(asked: Asked) -> Iterator[Problem]:
    most = _value(asked, "maxReplicas")
    for event in asked.declared.events:
        if most is not None and event.min_replicas > most:
            path = "events" if "events" in asked.texts else "calendar"
            rule = f"minReplicas of {event.name} must not exceed maxReplicas, which is {most:g}"
            yield Problem(path=asked.path(path), rule=rule, value=str(event.min_replicas))


def _value(asked: Asked, name: str) -> float | None:
    """What holds for a key of the spec, given or not."""
    field = KEYS[name].into.removeprefix("spec.")
    default = attrs.fields_dict(Spec)[field].default
    return asked.spec.get(field, default)  # type: ignore[no-any-return]


def _capacity(asked: Asked) -> Iterator[Problem]:
    tokens, requests = "tokensPerReplica" in asked.parsed, "requestsPerReplica" in asked.parsed
    if tokens and requests:
        rule = "must not be given beside tokensPerReplica: work is counted in one unit"
        yield Problem(path=asked.path("requestsPerReplica"), rule=rule)
    if tokens and not asked.engine.tokens and "tokensQuery" not in asked.parsed:
        rule = f"needs token counts, which engine {asked.engine.name} does not export"
        hint = "use requestsPerReplica, or give tokensQuery"
        yield Problem(path=asked.path("tokensPerReplica"), rule=rule, hint=hint)
    if asked.parsed.get("capacity") and not tokens and not requests:
        rule = "`fixed` needs tokensPerReplica or requestsPerReplica"
        yield Problem(path=asked.path("capacity"), rule=rule)


def _queries(asked: Asked) -> Iterator[Problem]:
    given = [name for name in QUERIES if name in asked.parsed]
    if asked.engine.name == "custom" and not given:
        rule = f"`custom` needs at least one of {', '.join(QUERIES)}"
        yield Problem(path=asked.path("engine"), rule=rule)
    if asked.source is SourceKind.SCRAPE:
        for name in given:
            rule = "needs a Prometheus to run on, and source is `scrape`"
            yield Problem(path=asked.path(name), rule=rule)


def _scrape(asked: Asked) -> Iterator[Problem]:
    if asked.source is SourceKind.SCRAPE and "endpoints" not in asked.parsed:
        rule = "must be given where source is `scrape`"
        yield Problem(path="endpoints", rule=rule, hint="such as http://vllm:8000/metrics")
    if asked.source is not SourceKind.SCRAPE and "endpoints" in asked.parsed:
        rule = "is only read where source is `scrape`"
        yield Problem(path=asked.path("endpoints"), rule=rule)


def _prometheus(asked: Asked, *, settings: Settings) -> Iterator[Problem]:
    if asked.source is not SourceKind.PROMETHEUS and "activationQuery" not in asked.parsed:
        return
    if "serverAddress" in asked.parsed:
        if "prometheus" in asked.parsed:
            rule = "must not be given beside serverAddress"
            yield Problem(path=asked.path("prometheus"), rule=rule)
        return
    name = asked.parsed.get("prometheus", "default")
    source = settings.sources.get(name)
    if source is None:
        hint = nearest(name, settings.sources) or "set FORESCALE_PROMETHEUS_URL or `sources`"
        rule = "must name a source of the service's configuration"
        yield Problem(path=asked.path("prometheus"), rule=rule, value=name, hint=hint)
    elif not source.allows(asked.namespace):
        rule = f"source {name} may not be used from namespace {asked.namespace}"
        yield Problem(path=asked.path("prometheus"), rule=rule)


def _allowed(asked: Asked, *, settings: Settings) -> Iterator[Problem]:
    """An address by itself needs the operator's leave, or anyone could make us call anything."""
    if asked.trusted:
        return
    for name in _ADDRESSES:
        found = asked.parsed.get(name, ())
        for address in (found,) if isinstance(found, str) else found:
            if not allowed(address, patterns=settings.allowed_addresses):
                given = asked.texts[name]
                rule = "must be permitted by allowedAddresses of the service's configuration"
                yield Problem(path=given.path, rule=rule, value=shown(given) and address)
