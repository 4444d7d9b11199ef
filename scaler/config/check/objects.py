"""The Kubernetes objects of a document, as far as a check looks at them."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from scaler.config.check.documents import Document
from scaler.config.check.finding import Code, Finding
from scaler.config.keys import ALIASES, KEDA_KEYS, KEYS
from scaler.config.metadata import FROM_ENV
from scaler.config.structure import join
from scaler.config.values import nearest

EXTERNAL = frozenset({"external", "external-push"})
LEFT_AT_ZERO = 0
"""KEDA's `minReplicaCount` where none is given."""
KEDA_MAXIMUM = 100
"""KEDA's `maxReplicaCount` where none is given."""

_NO_WAKING = frozenset({"cpu", "memory"})
"""Triggers of the HPA's own, which say nothing while nothing runs."""


@attrs.frozen(kw_only=True)
class Trigger:
    """One trigger of a ScaledObject; `path` is where it stands."""

    path: str
    raw: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def type(self) -> str:
        """What KEDA calls it."""
        return str(self.raw.get("type", ""))

    @property
    def ours(self) -> bool:
        """Whether it is a trigger of Forescale's, as far as its keys tell."""
        own = [key.removesuffix(FROM_ENV) for key in self.metadata if key not in KEDA_KEYS]
        known = [*KEYS, *ALIASES]
        return self.type in EXTERNAL and (
            not own or any(key in known or nearest(key, known) for key in own)
        )

    @property
    def wakes(self) -> bool:
        """Whether it can say, while nothing runs, that something should."""
        return self.type not in _NO_WAKING

    def at(self, key: str) -> str:
        """The path of a key of its metadata."""
        return join(join(self.path, "metadata"), key)

    def given(self, *names: str) -> bool:
        """Whether any of these keys is in its metadata, however it is filled."""
        return any(name in self.metadata or f"{name}{FROM_ENV}" in self.metadata for name in names)


@attrs.frozen(kw_only=True)
class Scaled:
    """A ScaledObject or ScaledJob."""

    document: Document
    namespace: str
    name: str
    spec: Mapping[str, Any]
    triggers: tuple[Trigger, ...]

    @property
    def about(self) -> str:
        """Its name for people."""
        return f"{self.namespace}/{self.name}"

    @property
    def ours(self) -> tuple[Trigger, ...]:
        """Its triggers that ask Forescale."""
        return tuple(trigger for trigger in self.triggers if trigger.ours)

    @property
    def siblings(self) -> tuple[Trigger, ...]:
        """Its triggers that ask somebody else."""
        return tuple(trigger for trigger in self.triggers if not trigger.ours)

    @property
    def minimum(self) -> int:
        """What KEDA keeps at least."""
        return self.whole("minReplicaCount", default=LEFT_AT_ZERO)

    @property
    def sleeps(self) -> bool:
        """Whether KEDA may stop every replica."""
        return self.minimum == 0 or self.whole("idleReplicaCount", default=-1) == 0

    @property
    def maximum(self) -> int:
        """What the HPA allows at most."""
        return self.whole("maxReplicaCount", default=KEDA_MAXIMUM)

    def get(self, path: str) -> Any:
        """What stands at `path` of its spec, or None."""
        here: Any = self.spec
        for key in path.split("."):
            here = here.get(key) if isinstance(here, Mapping) else None
        return here

    def whole(self, path: str, *, default: int) -> int:
        """The integer at `path` of its spec."""
        found = self.get(path)
        return found if isinstance(found, int) and not isinstance(found, bool) else default

    def finding(self, code: Code, says: str, *, at: str = "spec", **more: Any) -> Finding:
        """A finding about it."""
        return self.document.finding(code, says, at=at, about=self.about, **more)


def is_object(document: Document) -> bool:
    """Whether it is one of Kubernetes' objects, rather than a configuration file of ours."""
    raw = document.raw
    return isinstance(raw, Mapping) and "kind" in raw and "apiVersion" in raw


def kind_of(document: Document) -> str:
    """The kind of an object, as text whatever it is."""
    return str(document.raw["kind"])


def items(document: Document) -> Iterator[Document]:
    """The object itself, or those of a list."""
    inner = document.raw.get("items")
    if not kind_of(document).endswith("List") or not isinstance(inner, list):
        yield document
        return
    for index, raw in enumerate(inner):
        item = attrs.evolve(document, raw=raw, base=join(document.base, f"items[{index}]"))
        if is_object(item):
            yield from items(item)


def scaled(document: Document, *, namespace: str) -> Scaled:
    """The ScaledObject or ScaledJob of a document; `namespace` is where it goes by default."""
    about, spec = mapping(document.raw.get("metadata")), mapping(document.raw.get("spec"))
    triggers = spec.get("triggers")
    return Scaled(
        document=document,
        namespace=str(about.get("namespace") or namespace),
        name=str(about.get("name") or ""),
        spec=spec,
        triggers=tuple(
            Trigger(
                path=f"spec.triggers[{index}]",
                raw=mapping(raw),
                metadata=mapping(mapping(raw).get("metadata")),
            )
            for index, raw in enumerate(triggers if isinstance(triggers, list) else ())
        ),
    )


def mapping(raw: object) -> Mapping[str, Any]:
    """`raw` with its keys as text, or nothing where it is no mapping."""
    return {str(key): value for key, value in raw.items()} if isinstance(raw, Mapping) else {}
