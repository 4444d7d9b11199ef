"""Whom the adapter believes, as the cluster's own ConfigMap says it."""

import base64
from typing import Any

import pytest

from scaler.serving.adapter.frontproxy import front_proxy


def pem(*names: str) -> str:
    """Texts in the form of certificates; what is in them is not looked at."""
    bodies = (base64.b64encode(name.encode()).decode() for name in names)
    return "".join(
        f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n" for body in bodies
    )


def config_map(**data: str) -> dict[str, Any]:
    usual = {
        "client-ca-file": pem("users"),
        "requestheader-client-ca-file": pem("front"),
        "requestheader-allowed-names": '["front-proxy-client"]',
        "requestheader-username-headers": '["X-Remote-User", "X-User"]',
    }
    return {"data": {**usual, **{key.replace("_", "-"): value for key, value in data.items()}}}


def certificate(name: str) -> dict[str, Any]:
    return {"subject": ((("organizationName", "us"),), (("commonName", name),))}


def test_the_config_map_says_whose_certificates_and_which_names() -> None:
    found = front_proxy(config_map())

    assert pem("front") == found.authority
    assert found.is_believed(certificate("front-proxy-client"))
    assert not found.is_believed(certificate("us"))
    assert not found.is_believed({})


def test_the_first_header_that_is_there_names_the_user() -> None:
    found = front_proxy(config_map())

    assert "hpa" == found.user({"X-User": "hpa", "X-Remote-User": ""})
    assert "" == found.user({"X-Forwarded-User": "admin"})


@pytest.mark.parametrize("names", ["[]", ""])
def test_no_names_are_any_name(names: str) -> None:
    found = front_proxy(config_map(requestheader_allowed_names=names))

    assert found.is_believed(certificate("whoever"))


def test_a_front_proxy_that_any_user_could_be_is_believed_in_nothing() -> None:
    shared = pem("front", "users")

    with pytest.raises(ValueError, match="one authority, and any name"):
        front_proxy(
            config_map(requestheader_client_ca_file=shared, requestheader_allowed_names="[]")
        )
    named = front_proxy(config_map(requestheader_client_ca_file=shared))
    assert not named.is_believed(certificate("a-user"))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{}", "no list of texts"),
        ("[1]", "no list of texts"),
        ("front-proxy-client", "invalid literal"),
    ],
)
def test_what_cannot_be_read_is_no_front_proxy(given: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        front_proxy(config_map(requestheader_allowed_names=given))


def test_a_cluster_without_aggregation_has_no_front_proxy() -> None:
    with pytest.raises(KeyError):
        front_proxy({"data": {"client-ca-file": pem("users")}})
