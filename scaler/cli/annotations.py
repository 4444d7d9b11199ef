"""Annotations of ScaledObjects that a check reads as a service in the cluster does."""

from collections.abc import Iterable, Iterator

from scaler.cluster.objects import FLOOR, FREEZE, PREFIX, brakes
from scaler.config.check.finding import Code, Finding
from scaler.config.check.objects import Scaled, mapping
from scaler.config.values import nearest

_AT = "metadata.annotations"
_KNOWN = (FREEZE, FLOOR)


def annotated(objects: Iterable[Scaled]) -> Iterator[Finding]:
    """What is wrong with annotations of ours: each would brake nothing, without a word."""
    for scaled in objects:
        notes = _notes(scaled)
        for name in notes:
            if name not in _KNOWN:
                yield scaled.finding(
                    Code.UNKNOWN,
                    "unknown annotation",
                    at=f"{_AT}.{name}",
                    key=name,
                    do=nearest(name, _KNOWN) or f"leave it out: known are {', '.join(_KNOWN)}",
                )
        for mistake in brakes(notes).mistakes:
            yield scaled.finding(
                Code.BAD_VALUE,
                mistake.rule,
                at=f"{_AT}.{mistake.path}",
                key=mistake.path,
                value=mistake.value,
                do="correct it: what cannot be read brakes nothing",
            )


def _notes(scaled: Scaled) -> dict[str, str]:
    """Annotations of ours by name, as they were written."""
    document = scaled.document
    found = mapping(mapping(document.raw.get("metadata")).get("annotations"))
    return {
        name: document.text(f"{_AT}.{name}") or str(value)
        for name, value in found.items()
        if name.startswith(PREFIX)
    }
