"""Whom to believe: the API server's front proxy, as the cluster itself describes it.

Kubernetes documentation, "Configure the Aggregation Layer": the API server has authenticated and
authorized who asks, identifies itself by a certificate of an authority of its own, and names the
user in headers. From anybody else, the same headers say nothing.
"""

import re
import ssl
from collections.abc import Mapping
from typing import Any

import attrs
import orjson

PLACE = ("kube-system", "extension-apiserver-authentication")
"""Namespace and name of the ConfigMap that describes it."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@attrs.frozen(kw_only=True)
class FrontProxy:
    """Who may name a user. `authority` is PEM, `names` are common names: any, if there are none."""

    authority: str
    names: frozenset[str]
    user_headers: tuple[str, ...]

    def is_believed(self, certificate: Mapping[str, Any]) -> bool:
        """Whether the owner of a certificate of its authority, as `getpeercert` has it, is it."""
        return not self.names or bool(self.names & _common_names(certificate))

    def user(self, headers: Mapping[str, str]) -> str:
        """The user that the headers of the front proxy name; nothing where they name none."""
        return next((headers[each] for each in self.user_headers if headers.get(each)), "")


def front_proxy(item: Mapping[str, Any]) -> FrontProxy:
    """Understand the ConfigMap.

    Raises:
        KeyError: the cluster has no front proxy.
        ValueError: it has one that cannot be told from users.
    """
    data = item["data"]
    authority, names = data["requestheader-client-ca-file"], _list(data, "allowed-names")
    shared = certificates(authority) & certificates(data.get("client-ca-file", ""))
    if shared and not names:
        raise ValueError("users and the front proxy have one authority, and any name is allowed")
    return FrontProxy(
        authority=authority,
        names=frozenset(names),
        user_headers=_list(data, "username-headers"),
    )


def certificates(pem: str) -> frozenset[bytes]:
    """The certificates of a PEM text.

    Raises:
        ValueError: one of them is none.
    """
    return frozenset(map(ssl.PEM_cert_to_DER_cert, _CERTIFICATE.findall(pem)))


def _list(data: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = orjson.loads(data.get(f"requestheader-{name}") or "[]")
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"requestheader-{name} is no list of texts")
    return tuple(found)


def _common_names(certificate: Mapping[str, Any]) -> frozenset[str]:
    parts = (part for name in certificate.get("subject", ()) for part in name)
    return frozenset(value for key, value in parts if key == "commonName")
