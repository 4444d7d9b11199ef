"""A ScaledObject's trigger metadata to a `Workload`: the one place where defaults are applied."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import attrs

from scaler.config.declared import declared
from scaler.config.engines import Engine
from scaler.config.keys import KEYS
from scaler.config.metadata import Given, Texts, canonical, parse
from scaler.config.profiles import PROFILES, Profile
from scaler.config.rules import Asked, broken
from scaler.config.settings import Settings
from scaler.config.values import Invalid, kubernetes_name, nearest
from scaler.config.workload import Forecasting, Key, Watch, Workload
from scaler.errors import ConfigError, Problem
from scaler.policy.model import Signal
from scaler.policy.spec import Spec, Unit

POLICY_VERSION = 1
"""Raised with every change of what a spec means: versions that differ have different keys."""


def understand(
    namespace: str,
    name: str,
    metadata: Mapping[str, str],
    *,
    settings: Settings,
    trusted: bool = False,
) -> Workload:
    """What is asked for one ScaledObject. `trusted` metadata are the operator's own.

    What is given wins over a profile of the config file, that over the file's defaults, those over
    a shipped profile, that over the engine's nature.

    Raises:
        ConfigError: with every problem that could be found, in the owner's words.
    """
    own, problems = canonical(metadata)
    problems = [*_names(namespace, name), *problems]
    texts = _layered(own, settings=settings)
    parsed, wrong = parse(texts)
    problems += wrong
    engine = parsed.get("engine")
    if "engine" not in texts:
        problems.append(Problem(path="engine", rule="must be given", hint="such as vllm"))
    profile, unknown = _profile(texts, engine=engine, settings=settings)
    problems += unknown
    calendar, undated = declared(texts, parsed, settings=settings)
    problems += undated
    if engine is None or profile is None:
        raise ConfigError(*problems)
    asked = Asked(
        namespace=namespace,
        engine=engine,
        texts=texts,
        parsed=parsed,
        declared=calendar,
        spec=_spec(parsed, engine=engine, profile=profile) | {"step": settings.evaluation_interval},
        trusted=trusted,
    )
    problems += broken(asked, settings=settings)
    if problems:
        raise ConfigError(*problems)
    return _workload(asked, name=name)


def _names(namespace: str, name: str) -> list[Problem]:
    problems = []
    for path, given in (("namespace", namespace), ("name", name)):
        try:
            kubernetes_name(given)
        except Invalid as invalid:
            problems.append(invalid.problem(path, value=given))
    return problems


def _layered(own: Texts, *, settings: Settings) -> Texts:
    """The owner's texts on top of those of the chosen profile and of the file's defaults."""
    defaults, _ = canonical(settings.defaults, path="defaults")
    chosen = (own.get("profile") or defaults.get("profile") or Given(path="", text="")).text
    custom = settings.profiles.get(chosen)
    if custom is None:
        return {**defaults, **own}
    between, _ = canonical(custom.metadata, path=f"profiles.{chosen}.metadata")
    return {**defaults, **between, **own}


def _profile(
    texts: Texts, *, engine: Engine | None, settings: Settings
) -> tuple[Profile | None, list[Problem]]:
    """The shipped profile below everything."""
    given = texts.get("profile")
    if given is None:
        return (PROFILES[engine.profile] if engine else None), []
    custom = settings.profiles.get(given.text)
    found = PROFILES.get(custom.extends if custom else given.text)
    if found:
        return found, []
    known = [*PROFILES, *settings.profiles]
    rule = f"must be one of {', '.join(known)}"
    hint = nearest(given.text, known)
    value = "" if given.secret else given.text
    return None, [Problem(path=given.path, rule=rule, value=value, hint=hint)]


def _spec(parsed: Mapping[str, Any], *, engine: Engine, profile: Profile) -> dict[str, Any]:
    """Field values of the spec, not yet checked against each other."""
    fields = {
        "unit": _unit(parsed, engine=engine),
        **profile.overrides(llm=engine.llm),
        **_into("spec", parsed),
    }
    if "latency_hold" in fields and "latency_low" in fields:
        fields["latency_hold"] = max(fields["latency_hold"], fields["latency_low"])
    return fields


def _unit(parsed: Mapping[str, Any], *, engine: Engine) -> Unit:
    if "requestsPerReplica" in parsed:
        return Unit.REQUESTS
    counted = engine.tokens or "tokensPerReplica" in parsed or "tokensQuery" in parsed
    return Unit.TOKENS if counted else Unit.REQUESTS


def _into(target: str, parsed: Mapping[str, Any]) -> dict[str, Any]:
    """The parsed values that belong to `target`, by field."""
    found = {}
    for name, value in parsed.items():
        head, _, field = KEYS[name].into.partition(".")
        if head == target:
            found[field] = value
    return found


def _workload(asked: Asked, *, name: str) -> Workload:
    watch = Watch(
        **{
            "namespace": asked.namespace,
            "workload": name,
            "engine": asked.engine.name,
            "latency_metric": asked.engine.latency,
            "queries": _queries(asked.parsed),
            **_into("watch", asked.parsed),
        }
    )
    spec = _checked(asked.spec)
    forecasting = Forecasting(
        **_into("forecasting", asked.parsed),
        events=asked.declared.events,
        holidays=asked.declared.holidays,
    )
    key = Key(namespace=asked.namespace, name=name, digest=_digest(spec, watch, forecasting))
    return Workload(key=key, spec=spec, watch=watch, forecasting=forecasting)


def _queries(parsed: Mapping[str, Any]) -> dict[Signal, str]:
    """The owner's queries by signal, in an order that does not depend on how they were written."""
    return {Signal(name): text for name, text in sorted(_into("queries", parsed).items())}


def _checked(fields: Mapping[str, Any]) -> Spec:
    try:
        return Spec(**fields)
    except ValueError as error:
        raise ConfigError(Problem(path="metadata", rule=str(error))) from error


def _digest(spec: Spec, watch: Watch, forecasting: Forecasting) -> str:
    """Of what is meant, not of how it is written: `5m` and `300s` are the same workload."""
    asked = [POLICY_VERSION, *(sorted(attrs.asdict(v).items()) for v in (spec, watch, forecasting))]
    return sha256(repr(asked).encode()).hexdigest()[:12]
