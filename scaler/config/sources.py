"""The Prometheus servers that the operator names, with their credentials and their customs."""

# ruff: noqa: RUF009 - `setting` declares a field, as `attrs.field` does
import os
from pathlib import Path

import attrs

from scaler.config import values
from scaler.config.structure import scalar, section, sequence, setting
from scaler.errors import ConfigError, Problem


@attrs.frozen(kw_only=True)
class Credential:
    """A secret by reference: the file or the environment variable that holds it.

    It is read when it is used, so a rotated file needs no restart, and it never appears in a
    representation of the settings.
    """

    file: str | None = setting(
        scalar(values.text), default=None, doc="file that holds the secret, re-read when used"
    )
    env: str | None = setting(
        scalar(values.text), default=None, doc="environment variable that holds the secret"
    )

    def __attrs_post_init__(self) -> None:
        """Demand exactly one of the two.

        Raises:
            ValueError: both or neither given.
        """
        if (self.file is None) == (self.env is None):
            raise ValueError("must name either `file` or `env`")

    def reveal(self) -> str:
        """The secret, without surrounding white space.

        Raises:
            ConfigError: the file or variable is not there, or empty.
        """
        try:
            found = Path(self.file).read_text().strip() if self.file else os.environ[self.env or ""]
        except (OSError, KeyError, UnicodeDecodeError):
            found = ""
        if not found.strip():
            where = self.file or self.env or ""
            raise ConfigError(Problem(path=where, rule="must hold a secret, and does not"))
        return found.strip()


@attrs.frozen(kw_only=True)
class BasicAuth:
    """Name and password for a source."""

    username: str = setting(scalar(values.text), doc="name of the user")
    password: Credential = setting(section(Credential), doc="the password, by reference")


@attrs.frozen(kw_only=True)
class ClientTls:
    """How to trust a source, and how to be trusted by it."""

    ca: str | None = setting(
        scalar(values.text),
        default=None,
        doc="file of authorities to trust instead of the system's",
    )
    cert: str | None = setting(
        scalar(values.text), default=None, doc="file of the client certificate"
    )
    key: str | None = setting(scalar(values.text), default=None, doc="file of its key")
    insecure_skip_verify: bool = setting(
        scalar(values.boolean), default=False, doc="trust whoever answers"
    )

    def __attrs_post_init__(self) -> None:
        """Demand certificate and key together.

        Raises:
            ValueError: only one of the two given.
        """
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key must be given together")


@attrs.frozen(kw_only=True)
class Labels:
    """What this server calls the labels of a scraped pod."""

    namespace: str = setting(
        scalar(values.label), default="namespace", doc="label of the namespace"
    )
    pod: str = setting(scalar(values.label), default="pod", doc="label of the pod")
    cluster: str | None = setting(
        scalar(values.label),
        default="cluster",
        doc="label that tells clusters apart, where one address holds several",
    )


@attrs.frozen(kw_only=True)
class PrometheusSource:
    """One Prometheus, Thanos, Mimir or VictoriaMetrics, by name."""

    url: str = setting(scalar(values.url), doc="address; `/api/v1/...` is added to it")
    basic: BasicAuth | None = setting(section(BasicAuth), default=None, doc="basic authentication")
    bearer_token: Credential | None = setting(
        section(Credential), default=None, doc="bearer authentication"
    )
    tls: ClientTls | None = setting(section(ClientTls), default=None, doc="TLS to the source")
    tenant: str | None = setting(
        scalar(values.text), default=None, doc="value of the header `X-Scope-OrgID`"
    )
    matchers: str = setting(
        scalar(values.matchers), default="", doc="PromQL matchers forced into every generated query"
    )
    namespaces: tuple[str, ...] = setting(
        sequence(scalar(values.kubernetes_name)),
        default=(),
        doc="namespaces whose workloads may use it; none named is all",
    )
    labels: Labels = setting(section(Labels), default=Labels, doc="label names that differ")
    scrape_interval: int | None = setting(
        scalar(values.whole_seconds(low=1, high=600)),
        default=None,
        doc="how often it scrapes, where that is not to be measured; rate windows are four of "
        "these, and at least 60s",
    )
    timeout: float = setting(
        scalar(values.seconds(low=0.1, high=60)),
        default=5.0,
        doc="time for one query, retry included",
    )

    def __attrs_post_init__(self) -> None:
        """Demand at most one way to authenticate.

        Raises:
            ValueError: two given.
        """
        if self.basic and self.bearer_token:
            raise ValueError("must use either `basic` or `bearerToken`")

    def allows(self, namespace: str) -> bool:
        """Whether workloads of `namespace` may read from here."""
        return not self.namespaces or namespace in self.namespaces
