"""The metadata of a trigger: understood as the service would, after what KEDA makes of them."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from scaler.config.calendars import Calendar
from scaler.config.check.finding import Code, Finding
from scaler.config.check.objects import Scaled, Trigger
from scaler.config.metadata import FROM_ENV
from scaler.config.profiles import PROFILES
from scaler.config.settings import CustomProfile, Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.values import nearest, words
from scaler.config.workload import Workload
from scaler.errors import ConfigError, Problem

UNKNOWN_KEY = "unknown key"
_UNHEARD = ("caCert", "tlsClientCert", "tlsClientKey")
_WIDENING = {
    "model": "all models of its pods",
    "matchers": "all series of its pods",
    "prometheus": "the source called `default`",
}
"""What a workload looks at where the key is not there."""
_UNSEEN = PrometheusSource(url="http://not-seen.invalid")


@attrs.frozen(kw_only=True)
class Operator:
    """What the operator of the service decided; without a configuration, it is taken on trust."""

    settings: Settings
    seen: bool

    def for_metadata(self, metadata: Mapping[str, str]) -> Settings:
        """The settings, with whatever these metadata name where the configuration is not seen."""
        if self.seen:
            return self.settings
        source, profile = metadata.get("prometheus", "default"), metadata.get("profile", "")
        profiles = dict(self.settings.profiles)
        if profile and profile not in PROFILES and not nearest(profile, PROFILES):
            profiles.setdefault(profile, CustomProfile())
        sources = {source: _UNSEEN, **self.settings.sources}
        calendars = dict.fromkeys(words(metadata.get("calendar", "")), Calendar())
        return attrs.evolve(self.settings, sources=sources, profiles=profiles, calendars=calendars)


@attrs.frozen(kw_only=True)
class Understood:
    """What a trigger asks for.

    `workload` is None where that cannot be known. `whole` says that nothing was left out of the
    metadata to understand the rest.
    """

    workload: Workload | None
    whole: bool
    findings: list[Finding]


def understood(scaled: Scaled, trigger: Trigger, *, operator: Operator) -> Understood:
    """The workload that the trigger asks for, and what is wrong with the asking."""
    metadata = {key: _text(scaled, trigger, key) for key in trigger.metadata}
    findings = [*_unquoted(scaled, trigger, metadata), *_by_keda(scaled, trigger)]
    workload, problems = _attempt(scaled, metadata, operator=operator)
    mistakes = _mistakes(trigger, problems)
    findings += [_mistake(scaled, trigger, each) for each in mistakes]
    if workload is None:
        # Traps are worth knowing now, not only when the last mistake is gone.
        wrong = {problem.path for problem in problems}
        rest = {key: text for key, text in metadata.items() if key not in wrong}
        workload, _ = _attempt(scaled, {"engine": "vllm", **rest}, operator=operator)
    return Understood(workload=workload, whole=not problems, findings=findings)


def _attempt(
    scaled: Scaled, metadata: Mapping[str, str], *, operator: Operator
) -> tuple[Workload | None, tuple[Problem, ...]]:
    settings, trusted = operator.for_metadata(metadata), not operator.seen
    try:
        found = understand(
            scaled.namespace, scaled.name, metadata, settings=settings, trusted=trusted
        )
    except ConfigError as error:
        return None, error.problems
    return found, ()


def _text(scaled: Scaled, trigger: Trigger, key: str) -> str:
    return scaled.document.text(trigger.at(key)) or ""


def _mistakes(trigger: Trigger, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems that are not about a value that is not seen, or not what was meant."""
    for problem in problems:
        key = problem.path.removesuffix(FROM_ENV)
        from_env = f"{key}{FROM_ENV}" in trigger.metadata
        unquoted = not isinstance(trigger.metadata.get(problem.path, ""), str)
        if problem.rule == UNKNOWN_KEY or not (from_env or unquoted):
            yield problem


def _mistake(scaled: Scaled, trigger: Trigger, problem: Problem) -> Finding:
    return scaled.finding(
        Code.UNKNOWN if problem.rule == UNKNOWN_KEY else Code.BAD_VALUE,
        problem.rule,
        at=trigger.at(problem.path),
        key=problem.path,
        value=problem.value,
        do=hint(problem),
    )


def hint(problem: Problem) -> str:
    """What to do about it."""
    if problem.hint or problem.rule != UNKNOWN_KEY:
        return problem.hint
    return "leave it out, or look it up: the reference has every key"


def _unquoted(scaled: Scaled, trigger: Trigger, texts: Mapping[str, str]) -> Iterator[Finding]:
    for key, value in trigger.metadata.items():
        if not isinstance(value, str):
            yield scaled.finding(
                Code.UNQUOTED,
                "must be a string: the API server refuses a ScaledObject in which it is not",
                at=trigger.at(key),
                key=key,
                value=texts[key],
                do=f'write {key}: "{texts[key]}"',
            )


def _by_keda(scaled: Scaled, trigger: Trigger) -> Iterator[Finding]:
    """Keys that KEDA drops, keeps to itself, or needs."""
    for key, scope in _WIDENING.items():
        written = f"{key}{FROM_ENV}"
        if written in trigger.metadata:
            yield scaled.finding(
                Code.FROM_ENV,
                f"is dropped where the container lacks the variable, and then means {scope}",
                at=trigger.at(written),
                key=written,
                do=f"write {key} itself",
            )
    for key in _UNHEARD:
        if key in trigger.metadata:
            yield scaled.finding(
                Code.TLS_METADATA,
                "does nothing here: KEDA reads it from a TriggerAuthentication only",
                at=trigger.at(key),
                key=key,
                do="put the PEM text into a Secret and name it by authenticationRef",
            )
