"""Trigger metadata as it arrives, made canonical: known keys, each once, each parsed."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from scaler.config.keys import ALIASES, KEDA_KEYS, KEYS
from scaler.config.structure import join
from scaler.config.values import Invalid, nearest
from scaler.errors import ConfigError, Problem

FROM_ENV = "FromEnv"


@attrs.frozen(kw_only=True)
class Given:
    """One key's text as its owner wrote it.

    `path` is the key in the owner's spelling. `secret` says that KEDA took the text from the
    container's environment: it must never be shown.
    """

    path: str
    text: str
    secret: bool = False


Texts = Mapping[str, Given]


def canonical(metadata: Mapping[str, str], *, path: str = "") -> tuple[Texts, list[Problem]]:
    """What is given for each known key, and what is wrong with the keys.

    KEDA leaves the suffix `FromEnv` on a key whose value it looked up, so both spellings are read.
    """
    texts: dict[str, Given] = {}
    problems: list[Problem] = []
    for written in sorted(metadata.keys() - KEDA_KEYS):
        bare = written.removesuffix(FROM_ENV)
        name = ALIASES.get(bare, bare)
        given = Given(path=join(path, written), text=metadata[written], secret=written != bare)
        if name not in KEYS:
            hint = nearest(bare, [*KEYS, *ALIASES])
            problems.append(Problem(path=given.path, rule="unknown key", hint=hint))
        elif name in texts:
            rule = f"says the same as {texts[name].path}: give one of them"
            problems.append(Problem(path=given.path, rule=rule))
        else:
            texts[name] = given
    return texts, problems


def parse(texts: Texts) -> tuple[dict[str, Any], list[Problem]]:
    """The value of each given key, and the problems of those that have none."""
    parsed: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, given in texts.items():
        try:
            parsed[name] = KEYS[name].parse(given.text)
        except Invalid as invalid:
            problems.append(invalid.problem(given.path, value=shown(given)))
        except ConfigError as error:
            problems.extend(_inside(given, problem) for problem in error.problems)
    return parsed, problems


def _inside(given: Given, problem: Problem) -> Problem:
    """A problem inside a text that has keys of its own, with the whole path to it."""
    value = "" if given.secret else problem.value
    return attrs.evolve(problem, path=f"{given.path}{problem.path}", value=value)


def shown(given: Given) -> str:
    """The text for a message: nothing where it may be a secret."""
    return "" if given.secret or "@" in given.text else given.text


def check_defaults(metadata: Mapping[str, str], *, path: str) -> Iterator[Problem]:
    """The problems of metadata that are no workload's own yet, key by key."""
    texts, unknown = canonical(metadata, path=path)
    yield from unknown
    yield from parse(texts)[1]
