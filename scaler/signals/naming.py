"""Whose pod is this? Pods are named exactly as their owner's kind names them.

A Deployment names its pods `name-<hash>-<suffix>` in letters that Kubernetes chose so that no words
come out; a StatefulSet `name-<ordinal>`; a LeaderWorkerSet `name-<group>`, and its workers
`name-<group>-<index>`. So `llama` never takes in a pod of `llama-70b`, as a prefix would.
Every expression here means the same in RE2 and in Python.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import attrs

from scaler.signals.matchers import literal

_LETTER = "[bcdfghjklmnpqrstvwxz2456789]"
_SUFFIX = f"{_LETTER}{{5}}"
_LONGEST_HASH = 10
# Names are generated within 63 characters; before the suffix there is room for 58.
_ROOM = 58
_LONGEST_PLAIN = _ROOM - _LONGEST_HASH - len("--")


@attrs.frozen(kw_only=True)
class Naming:
    """How the pods of some workloads of one kind are called.

    In `pattern`, group 1 is the replica and group 2 the workload. `workload` is what stands for the
    workload in a replacement: a group, or the name itself where pod names cut it off. `candidates`
    matches at least these pods, in a form that is cheap to look up.
    """

    pattern: str
    candidates: str
    workload: str = "$2"

    def owner(self, pod: str) -> tuple[str, str] | None:
        """Workload and replica that `pod` belongs to; None where it is nobody's of this kind."""
        match = _compiled(self.pattern).fullmatch(pod)
        if match is None:
            return None
        return (match[2] if self.workload == "$2" else self.workload.replace("$$", "$")), match[1]


def naming(names: Iterable[str], *, kind: str) -> Naming:
    """How pods of the workloads `names` are called.

    A name for which `alone` is true must be the only one.
    """
    distinct = sorted(set(names))
    either = "|".join(map(literal, distinct))
    candidates = f"(?:{either})-.+"
    if kind == "StatefulSet":
        return Naming(pattern="((.+)-[0-9]+)", candidates=candidates)
    if kind == "LeaderWorkerSet":
        return Naming(pattern=f"(({either})-[0-9]+)(?:-[0-9]+)?", candidates=candidates)
    if alone(distinct[0], kind=kind):
        return _cut_off(distinct[0])
    pattern = f"((.+)-{_LETTER}{{1,{_LONGEST_HASH}}}-{_SUFFIX})"
    return Naming(pattern=pattern, candidates=candidates)


def alone(name: str, *, kind: str) -> bool:
    """Whether pods of `name` are called in a way of their own, being too long for the usual one."""
    return kind not in {"StatefulSet", "LeaderWorkerSet"} and len(name) > _LONGEST_PLAIN


def _cut_off(name: str) -> Naming:
    """Hash, dashes and even the name are cut to fit in front of the suffix."""
    room = _ROOM - len(name) - len("-")
    if room <= 0:
        base = literal(f"{name}-"[:_ROOM])
    else:
        short = f"{_LETTER}{{1,{room - 1}}}-|" if room > 1 else ""
        base = f"{literal(name)}-(?:{short}{_LETTER}{{{room}}})"
    pattern = f"(({base}){_SUFFIX})"
    return Naming(pattern=pattern, candidates=pattern, workload=name.replace("$", "$$"))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
