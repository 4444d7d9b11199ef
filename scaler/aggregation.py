"""The metrics adapter put together: the port, and what it needs of the cluster and the service."""

from collections.abc import Sequence
from functools import lru_cache

from scaler.cluster.cluster import Cluster
from scaler.cluster.collection import Collection
from scaler.config.settings import Adapter
from scaler.config.workload import Workload
from scaler.errors import ConfigError, Problem
from scaler.serving.adapter.answers import Answers
from scaler.serving.adapter.directory import Directory, ReadyPod
from scaler.serving.adapter.frontproxy import PLACE, FrontProxy, front_proxy
from scaler.serving.adapter.server import AdapterServer
from scaler.serving.operations import Operations
from scaler.serving.recorder import Recorder
from scaler.signals.naming import Naming, naming


class Aggregation:
    """Serves the metrics APIs behind the API server's aggregation, while started."""

    def __init__(
        self,
        settings: Adapter,
        *,
        cluster: Cluster,
        operations: Operations,
        recorder: Recorder,
    ) -> None:
        self._cluster = cluster
        self._front: Collection[FrontProxy] = Collection(
            f"/api/v1/namespaces/{PLACE[0]}/configmaps",
            api=cluster.api,
            understand=front_proxy,
            now=operations.now,
            fields=f"metadata.name={PLACE[1]}",
        )
        answers = Answers(
            directory=Directory(operations, owns=owns),
            pods=self._ready_pods,
            recorder=recorder,
            now=operations.now,
        )
        self._server = AdapterServer(
            answers, settings=settings, front_proxy=lambda: self._front.get(PLACE)
        )

    async def start(self) -> int:
        """Find out whom to believe, listen, and return the port.

        Raises:
            ConfigError: the address or the certificate cannot be used.
        """
        port = await self._server.start()
        self._front.start()
        return port

    async def stop(self) -> None:
        """Listen no longer."""
        self._front.stop()
        await self._server.stop()

    def _ready_pods(self, namespace: str) -> Sequence[ReadyPod] | None:
        known = self._cluster.pods_of(namespace)
        if not known.read or known.stale:
            return None
        return [
            ReadyPod(name=pod.name, since=pod.ready_since, labels=pod.labels)
            for pod in known.all().values()
            if pod.ready_since is not None and not (pod.terminating or pod.over)
        ]


def aggregation(
    settings: Adapter | None,
    *,
    cluster: Cluster | None,
    operations: Operations,
    recorder: Recorder,
) -> Aggregation | None:
    """The adapter, where the settings ask for one.

    Raises:
        ConfigError: they do, and there is no cluster that could ask it.
    """
    if settings is None:
        return None
    if cluster is None:
        rule = "needs a cluster: there is neither a service account here nor a KUBECONFIG"
        raise ConfigError(Problem(path="adapter", rule=rule))
    return Aggregation(settings, cluster=cluster, operations=operations, recorder=recorder)


def owns(workload: Workload, *, pod: str) -> bool:
    """Whether a pod is of the workload, by its name."""
    owner = _naming(workload.watch.workload, workload.watch.kind).owner(pod)
    return owner is not None and owner[0] == workload.watch.workload


@lru_cache(maxsize=20_000)
def _naming(name: str, kind: str) -> Naming:
    return naming([name], kind=kind)
