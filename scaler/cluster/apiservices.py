"""APIServices: who answers for a group of the metrics APIs in the whole cluster.

There is one for each version of a group. Whoever takes another's silences it everywhere: KEDA
without its own scales nothing any more.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import attrs

from scaler.cluster.api import Api, ApiTrouble, Writer
from scaler.cluster.objects import Object
from scaler.errors import ForescaleError

APISERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
CUSTOM, EXTERNAL = "v1beta2.custom.metrics.k8s.io", "v1beta1.external.metrics.k8s.io"
KEDA = "/apis/keda.sh"
INJECTED_BY = "cert-manager.io/certificate-name"
INJECTED = "cert-manager.io/inject-ca-from"

_OWNER = {"app.kubernetes.io/managed-by": "forescale"}
_PRIORITY = 100


class NotInstalled(ForescaleError):
    """The cluster is as it was; the message says what is in the way."""


@attrs.frozen(kw_only=True)
class Service:
    """The Service in front of the adapter."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/api/v1/namespaces/{self.namespace}/services/{self.name}"


@attrs.frozen(kw_only=True)
class Authority:
    """Who signed the adapter's certificate, in PEM.

    `certificate` names the `namespace/name` of cert-manager that keeps it, if one does.
    """

    pem: str
    certificate: str = ""


def kept_in(secret: str, *, namespace: str, api: Api) -> Authority:
    """The authority that the Secret of a certificate has with it.

    Raises:
        ApiTrouble: the Secret cannot be read.
        NotInstalled: it has none.
    """
    item = api.get(f"/api/v1/namespaces/{namespace}/secrets/{secret}")
    found = (item.get("data") or {}).get("ca.crt")
    if not found:
        raise NotInstalled(f"Secret {namespace}/{secret} has no ca.crt: name one by --ca-file")
    notes = item["metadata"].get("annotations") or {}
    kept = f"{namespace}/{notes[INJECTED_BY]}" if INJECTED_BY in notes else ""
    return Authority(pem=base64.b64decode(found).decode(), certificate=kept)


def install(
    names: Sequence[str],
    *,
    service: Service,
    authority: Authority,
    api: Writer,
    wait: Callable[[], Iterator[None]],
) -> Iterator[str]:
    """Have the API server ask the Service for these groups; yield a line for each.

    `wait` says by its turns how long to look whether the API server can reach it. One that it
    cannot reach is taken back: it would break discovery and the deletion of every namespace.

    Raises:
        ApiTrouble: the API server gave no answer.
        NotInstalled: a group is another's, the Service is not there or gives no answer.
    """
    port = _port(service, api=api)
    if EXTERNAL in names and _get(KEDA, api=api) is not None:
        raise NotInstalled(f"{EXTERNAL}: KEDA is in this cluster, and needs it")
    there = {name: _ours(name, service=service, api=api) for name in names}
    for name, known in there.items():
        item = _item(name, service=service, port=port, authority=authority)
        if known is None:
            api.write("POST", APISERVICES, item)
        else:
            meta = {**item["metadata"], "resourceVersion": known["metadata"]["resourceVersion"]}
            api.write("PUT", f"{APISERVICES}/{name}", {**item, "metadata": meta})
        trouble = _unavailable(name, api=api, wait=wait)
        if trouble:
            kept = "" if known is not None else _taken_back(name, api=api)
            raise NotInstalled(f"{name}: {service} does not answer: {trouble}{kept}")
        yield f"{name}: {'created' if known is None else 'updated'}"


def uninstall(*, service: Service, api: Writer) -> Iterator[str]:
    """Have the API server ask the Service for nothing any more; yield a line for each group.

    Raises:
        ApiTrouble: the API server gave no answer.
    """
    for name in (CUSTOM, EXTERNAL):
        try:
            known = _ours(name, service=service, api=api)
        except NotInstalled as other:
            yield f"{other}; left as it is"
            continue
        if known is None:
            yield f"{name}: not there"
        else:
            condition = {"preconditions": {"uid": known["metadata"]["uid"]}}
            api.write("DELETE", f"{APISERVICES}/{name}", condition)
            yield f"{name}: removed"


def _port(service: Service, *, api: Api) -> int:
    """The Service's one port."""
    found = _get(service.path, api=api)
    if found is None:
        raise NotInstalled(f"there is no Service {service}: apply the manifests first")
    ports = [int(each["port"]) for each in found["spec"].get("ports") or ()]
    if len(ports) != 1:
        raise NotInstalled(f"Service {service} must have one port, and has {ports}")
    return ports[0]


def _ours(name: str, *, service: Service, api: Api) -> Object | None:
    """The APIService as it is, None where there is none.

    Raises:
        NotInstalled: it is another's.
    """
    found = _get(f"{APISERVICES}/{name}", api=api)
    if found is None:
        return None
    asked = found["spec"].get("service") or {}
    owner = f"{asked.get('namespace', '')}/{asked.get('name', '')}"
    labels = found["metadata"].get("labels") or {}
    if owner != str(service) or not _OWNER.items() <= labels.items():
        raise NotInstalled(f"{name}: belongs to another, Service {owner}")
    return found


def _item(name: str, *, service: Service, port: int, authority: Authority) -> dict[str, Any]:
    version, _, group = name.partition(".")
    notes = {INJECTED: authority.certificate} if authority.certificate else {}
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": name, "labels": _OWNER, "annotations": notes},
        "spec": {
            "group": group,
            "version": version,
            "service": {**attrs.asdict(service), "port": port},
            "caBundle": base64.b64encode(authority.pem.encode()).decode(),
            "groupPriorityMinimum": _PRIORITY,
            "versionPriority": _PRIORITY,
        },
    }


def _unavailable(name: str, *, api: Api, wait: Callable[[], Iterator[None]]) -> str:
    """Why the API server cannot reach it, looked at once a turn; empty once it can."""
    trouble = "the API server has not tried yet"
    for _ in wait():
        conditions = (api.get(f"{APISERVICES}/{name}").get("status") or {}).get("conditions") or ()
        for each in conditions:
            if each["type"] == "Available":
                if each["status"] == "True":
                    return ""
                trouble = each.get("message") or each.get("reason") or trouble
    return trouble


def _taken_back(name: str, *, api: Writer) -> str:
    api.write("DELETE", f"{APISERVICES}/{name}", {})
    return "; taken back"


def _get(path: str, *, api: Api) -> Mapping[str, Any] | None:
    try:
        return api.get(path)
    except ApiTrouble as trouble:
        if trouble.status == HTTPStatus.NOT_FOUND:
            return None
        raise
