"""The service's settings, declared once: file keys, environment, defaults and documentation."""

# ruff: noqa: RUF009 - `setting` declares a field, as `attrs.field` does
from collections.abc import Mapping
from enum import StrEnum

import attrs

from scaler.config import values
from scaler.config.calendars import Calendar
from scaler.config.sources import PrometheusSource
from scaler.config.structure import mapping, scalar, section, sequence, setting


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@attrs.frozen(kw_only=True)
class ServerTls:
    """Files of the gRPC server's identity, re-read when they change."""

    cert: str = setting(scalar(values.text), doc="file of the certificate chain")
    key: str = setting(scalar(values.text), doc="file of its key")
    client_ca: str | None = setting(
        scalar(values.text),
        default=None,
        doc="file of the authorities of client certificates; given, every client must have one",
    )


@attrs.frozen(kw_only=True)
class Grpc:
    """What KEDA talks to."""

    address: str = setting(scalar(values.address), default=":9090", doc="where to listen")
    tls: ServerTls | None = setting(section(ServerTls), default=None, doc="TLS, or mutual TLS")
    reflection: bool = setting(
        scalar(values.boolean), default=False, doc="gRPC server reflection, for grpcurl"
    )
    connection_age: int = setting(
        scalar(values.whole_seconds(low=30)),
        default=600,
        doc="age at which a client must connect anew, so that new pods of the scaler get traffic",
    )
    heartbeat: int = setting(
        scalar(values.whole_seconds(low=10, high=600)),
        default=30,
        doc="how often an active workload is said again on a push stream",
    )


@attrs.frozen(kw_only=True)
class Ops:
    """Metrics, probes and the workloads API."""

    address: str = setting(scalar(values.address), default=":8080", doc="where to listen")


@attrs.frozen(kw_only=True)
class AdapterTls:
    """Files of the metrics adapter's identity, re-read when they change."""

    cert: str = setting(scalar(values.text), doc="file of the certificate chain")
    key: str = setting(scalar(values.text), doc="file of its key")


@attrs.frozen(kw_only=True)
class Adapter:
    """What the API server talks to on behalf of HPAs without KEDA."""

    address: str = setting(scalar(values.address), default=":6443", doc="where to listen")
    tls: AdapterTls = setting(section(AdapterTls), doc="TLS, which the API server insists on")


@attrs.frozen(kw_only=True)
class Log:
    """What is written to standard error."""

    format: LogFormat = setting(
        scalar(values.enum(LogFormat)), default=LogFormat.TEXT, doc="`text` or `json`"
    )
    level: LogLevel = setting(
        scalar(values.enum(LogLevel)),
        default=LogLevel.INFO,
        doc="`debug`, `info`, `warning` or `error`",
    )


@attrs.frozen(kw_only=True)
class CustomProfile:
    """A profile of the user's own: trigger metadata on top of a shipped profile."""

    extends: str = setting(scalar(values.text), default="realtime", doc="the shipped profile below")
    metadata: Mapping[str, str] = setting(
        mapping(scalar(str)), default=dict, doc="trigger metadata that become defaults"
    )


@attrs.frozen(kw_only=True)
class Declared:
    """A workload that is watched without being asked for."""

    namespace: str = setting(scalar(values.kubernetes_name), doc="namespace of the ScaledObject")
    name: str = setting(scalar(values.kubernetes_name), doc="name of the ScaledObject")
    metadata: Mapping[str, str] = setting(
        mapping(scalar(str)), default=dict, doc="its trigger metadata"
    )


@attrs.frozen(kw_only=True)
class Settings:
    """Everything the operator decides, as opposed to what a workload's owner decides."""

    grpc: Grpc = setting(section(Grpc), default=Grpc, doc="what KEDA talks to")
    ops: Ops = setting(section(Ops), default=Ops, doc="metrics, probes, workloads API")
    adapter: Adapter | None = setting(
        section(Adapter), default=None, doc="metrics APIs for HPAs without KEDA"
    )
    evaluation_interval: int = setting(
        scalar(values.whole_seconds(low=1, high=600)), default=15, doc="time between decisions"
    )
    settle: int = setting(
        scalar(values.whole_seconds(high=3600)),
        default=30,
        doc="how long an answer of a source may still change: two scrape intervals, "
        "longer for remote storage",
    )
    state: str | None = setting(
        scalar(values.text), default=None, doc="directory of the embedded history"
    )
    sources: Mapping[str, PrometheusSource] = setting(
        mapping(section(PrometheusSource)), default=dict, doc="Prometheus servers by name"
    )
    allowed_addresses: tuple[str, ...] = setting(
        sequence(scalar(values.url)),
        default=(),
        doc="addresses that trigger metadata may name itself, such as `http://*.models.svc:8000`; "
        "they never get credentials",
    )
    profiles: Mapping[str, CustomProfile] = setting(
        mapping(section(CustomProfile)), default=dict, doc="profiles of your own"
    )
    calendars: Mapping[str, Calendar] = setting(
        mapping(section(Calendar)),
        default=dict,
        doc="events and holidays by name, for the key `calendar` of trigger metadata",
    )
    defaults: Mapping[str, str] = setting(
        mapping(scalar(str)), default=dict, doc="trigger metadata for every workload"
    )
    workloads: tuple[Declared, ...] = setting(
        sequence(section(Declared)), default=(), doc="workloads to watch before KEDA asks"
    )
    freeze: bool = setting(
        scalar(values.boolean), default=False, doc="keep every target where it is"
    )
    log: Log = setting(section(Log), default=Log, doc="what is logged")


_ENVIRONMENT_PATHS = (
    "grpc.address",
    "grpc.tls.cert",
    "grpc.tls.key",
    "grpc.tls.clientCa",
    "grpc.reflection",
    "grpc.connectionAge",
    "grpc.heartbeat",
    "ops.address",
    "adapter.address",
    "adapter.tls.cert",
    "adapter.tls.key",
    "evaluationInterval",
    "settle",
    "state",
    "allowedAddresses",
    "freeze",
    "log.format",
    "log.level",
    "sources.default.url",
    "sources.default.tenant",
    "sources.default.matchers",
    "sources.default.namespaces",
    "sources.default.scrapeInterval",
    "sources.default.timeout",
    "sources.default.bearerToken.file",
)


def variable(path: str) -> str:
    """The environment variable for the setting at `path`; `prometheus` is the default source."""
    spoken = path.replace("sources.default", "prometheus").replace(".", "_")
    snake = "".join(f"_{letter}" if letter.isupper() else letter for letter in spoken)
    return f"FORESCALE_{snake.upper()}"


ENVIRONMENT: Mapping[str, str] = {variable(path): path for path in _ENVIRONMENT_PATHS}
