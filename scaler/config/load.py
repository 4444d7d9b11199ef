"""From file and environment to `Settings`, whole or with every mistake named."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scaler.config import values
from scaler.config.check.documents import documents
from scaler.config.check.finding import Finding
from scaler.config.environment import strangers
from scaler.config.metadata import check_defaults
from scaler.config.profiles import PROFILES
from scaler.config.settings import ENVIRONMENT, Settings
from scaler.config.structure import section
from scaler.config.understand import understand
from scaler.errors import ConfigError, Problem


def load(path: Path | None, *, environ: Mapping[str, str]) -> Settings:
    """Settings from the YAML file at `path`, if any, with the environment on top.

    Raises:
        ConfigError: with every problem of both, and of the workloads that the file declares.
    """
    return read(_parse(path) if path else {}, environ=environ)


def read(raw: dict[str, Any], *, environ: Mapping[str, str]) -> Settings:
    """Settings from a parsed file with the environment on top, which is put into `raw`.

    Raises:
        ConfigError: as `load` does.
    """
    for name, key in ENVIRONMENT.items():
        if environ.get(name):
            _put(raw, key.split("."), value=environ[name])
    settings = section(Settings)(raw, "")
    problems = [
        *strangers(environ, settings=settings),
        *_profiles(settings),
        *check_defaults(settings.defaults, path="defaults"),
    ]
    # A declared workload would repeat each mistake of the defaults.
    if problems := problems or [*_workloads(settings)]:
        raise ConfigError(*problems)
    return settings


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(Problem(path=str(path), rule=f"cannot be read: {error}")) from error
    found, mistakes = documents(text, file=str(path))
    if mistakes:
        raise ConfigError(*map(_mistake, mistakes))
    if len(found) > 1:
        raise ConfigError(Problem(path=str(path), rule="must be one document"))
    raw = found[0].raw if found else {}
    if not isinstance(raw, dict):
        raise ConfigError(Problem(path=str(path), rule="must be a mapping of settings"))
    return raw


def _mistake(found: Finding) -> Problem:
    """What is wrong with the file as YAML, before any of it is understood."""
    if found.key:
        return Problem(path=found.key, rule=found.says, hint=f"line {found.line} of {found.file}")
    return Problem(path=found.file, rule=found.says, hint=f"line {found.line}" * bool(found.line))


def _put(raw: dict[str, Any], keys: list[str], *, value: str) -> None:
    """Set `value` below `raw`; what is no mapping on the way is left to be found a mistake."""
    *above, last = keys
    for key in above:
        raw[key] = {} if raw.get(key) is None else raw[key]
        if not isinstance(raw[key], dict):
            return
        raw = raw[key]
    raw[last] = value


def _profiles(settings: Settings) -> Iterator[Problem]:
    for name, profile in settings.profiles.items():
        path = f"profiles.{name}"
        if name in PROFILES:
            yield Problem(path=path, rule="must not take the name of a shipped profile")
        if profile.extends not in PROFILES:
            hint = values.nearest(profile.extends, PROFILES)
            rule = f"must be one of {', '.join(PROFILES)}"
            yield Problem(path=f"{path}.extends", rule=rule, value=profile.extends, hint=hint)
        if "profile" in profile.metadata:
            yield Problem(path=f"{path}.metadata.profile", rule="must be given by `extends`")
        yield from check_defaults(profile.metadata, path=f"{path}.metadata")


def _workloads(settings: Settings) -> Iterator[Problem]:
    for index, declared in enumerate(settings.workloads):
        path = f"workloads[{index}].metadata"
        try:
            understand(
                declared.namespace,
                declared.name,
                declared.metadata,
                settings=settings,
                trusted=True,
            )
        except ConfigError as error:
            for problem in error.problems:
                yield Problem(
                    path=f"{path}.{problem.path}",
                    rule=problem.rule,
                    value=problem.value,
                    hint=problem.hint,
                )
