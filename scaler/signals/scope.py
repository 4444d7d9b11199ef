"""Whom a query is about, and how their series are labeled."""

from functools import cached_property

import attrs

from scaler.signals.catalog.devices import Owner
from scaler.signals.catalog.metric import Row
from scaler.signals.matchers import Matcher
from scaler.signals.naming import Naming
from scaler.signals.quantity import Windows

NAMESPACE = "forescale_namespace"
"""Label of the answer that holds the namespace, however the series call it."""
WORKLOAD = "forescale_workload"
"""Label of the answer that holds the workload's name."""


@attrs.frozen(kw_only=True, slots=False)
class Scope:
    """The workloads that one query is about, and how their series are labeled."""

    row: Row
    namespaces: tuple[str, ...]
    names: tuple[str, ...]
    kind: str
    pods: Naming
    models: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    """For the engine's series only."""
    everywhere: tuple[Matcher, ...] = ()
    """For the cluster's series too."""
    engine_owner: Owner
    cluster: str | None = None
    windows: Windows

    @cached_property
    def answer(self) -> tuple[str, ...]:
        """The labels of the engine's part of an answer."""
        model = self.row.model_label
        own = (WORKLOAD,) if self.row.own_pods else ()
        return (NAMESPACE, *own, *self.clusters, *((model,) if model else ()))

    @cached_property
    def clusters(self) -> tuple[str, ...]:
        """The label that tells clusters apart, where there is one."""
        return (self.cluster,) if self.cluster else ()
