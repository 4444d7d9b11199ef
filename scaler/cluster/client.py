"""The Kubernetes API over the official client: who we are and where it is.

The client takes as long to import as all the rest: whoever has no cluster leaves this module alone.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
import urllib3
from kubernetes import client, config

from scaler.cluster.api import ApiTrouble
from scaler.cluster.objects import Object

CONNECT = 3.0
READ = 10.0
"""Seconds for an answer that is not a watch."""
_GOOD = frozenset({200, 201, 202})

log = structlog.get_logger()


def login(context: str | None = None) -> "KubernetesApi":
    """The cluster that kubectl would talk to: by KUBECONFIG, or by the login in the user's home.

    Raises:
        ApiTrouble: there is no such login.
    """
    try:
        return _by_files(os.environ.get("KUBECONFIG"), context=context)
    except (config.ConfigException, OSError) as error:
        raise ApiTrouble(f"there is no login to a cluster: {error}") from error


def configured() -> "KubernetesApi | None":
    """As KUBECONFIG or the pod's service account says; None where neither can be used."""
    named = os.environ.get("KUBECONFIG")
    try:
        return _by_files(named) if named else _by_service_account()
    except (config.ConfigException, OSError) as error:
        if named:
            log.warning("kubeconfig_not_used", error=str(error))
        return None


def _by_files(named: str | None, *, context: str | None = None) -> "KubernetesApi":
    settings = client.Configuration()
    # Named here, because the client looks at the environment only once.
    config.load_kube_config(  # type: ignore[no-untyped-call]
        config_file=named, context=context, client_configuration=settings
    )
    return _connected(settings)


def _by_service_account() -> "KubernetesApi":
    settings = client.Configuration()
    config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
    return _connected(settings)


def _connected(settings: client.Configuration) -> "KubernetesApi":
    settings.retries = False  # who asks knows best when to ask again
    return KubernetesApi(client.ApiClient(settings))


class KubernetesApi:
    """Asks with the pod's service account or the user's login; tokens are renewed by the client."""

    def __init__(self, api: Any) -> None:
        self._api = api

    def get(self, path: str, **query: str) -> Object:
        """One object or one page of a list."""
        return _whole(path, self._ask("GET", path, query, timeout=READ))

    def write(self, method: str, path: str, item: Object) -> Object:
        """Create, replace or delete an object."""
        return _whole(path, self._ask(method, path, {}, timeout=READ, item=item))

    def watch(self, path: str, *, seconds: int, **query: str) -> Iterator[Object]:
        """Events, a line each."""
        asked = {**query, "watch": "true", "timeoutSeconds": str(seconds)}
        response = self._ask("GET", path, asked, timeout=seconds + READ)
        try:
            yield from map(_object, _lines(response))
        except urllib3.exceptions.HTTPError as error:
            raise ApiTrouble(f"{path}: the watch broke: {error}") from error
        finally:
            response.close()

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        timeout: float,
        item: Object | None = None,
    ) -> Any:
        _, url, headers, body, _ = self._api.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params=dict.fromkeys(("Accept", "Content-Type"), "application/json"),
            body=item,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._api.call_api(
                method, url, headers, body, _request_timeout=(CONNECT, timeout)
            ).response
        except (urllib3.exceptions.HTTPError, client.ApiException) as error:
            raise ApiTrouble(f"{path}: {error}") from error
        if response.status not in _GOOD:
            raise _refused(path, response)
        return response


def _whole(path: str, response: Any) -> Object:
    try:
        return _object(response.read())
    except urllib3.exceptions.HTTPError as error:
        raise ApiTrouble(f"{path}: {error}") from error
    finally:
        response.release_conn()


def _lines(response: Any) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(amt=None, decode_content=True):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, whole)


def _object(text: bytes) -> Object:
    try:
        understood: Object = json.loads(text)
    except ValueError as error:
        raise ApiTrouble(f"what came is no JSON: {error}") from error
    return understood


def _refused(path: str, response: Any) -> ApiTrouble:
    try:
        said = json.loads(response.read()).get("message", "")
    except (ValueError, AttributeError, urllib3.exceptions.HTTPError):
        said = ""
    wait = str(response.headers.get("Retry-After", ""))
    return ApiTrouble(
        f"{path}: {response.status} {said}".strip(),
        status=response.status,
        retry_after=float(wait) if wait.isdigit() else None,
    )
