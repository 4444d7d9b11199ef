"""Who answers for the metrics APIs is changed only where it is ours or nobody's."""

import base64
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import attrs
import pytest

from scaler.cluster.api import ApiTrouble
from scaler.cluster.apiservices import (
    APISERVICES,
    CUSTOM,
    EXTERNAL,
    Authority,
    NotInstalled,
    Service,
    install,
    kept_in,
    uninstall,
)
from tests.unit.cluster.world import FakeApi, Object

SERVICE = Service(namespace="forescale", name="forescale-adapter")
AUTHORITY = Authority(pem="the authority", certificate="forescale/forescale-adapter")
OTHERS = {"namespace": "keda", "name": "keda-metrics-apiserver", "port": 443}


@attrs.define
class FakeWriter(FakeApi):
    """Keeps what is written; `available` says whether the API server can reach what is."""

    available: bool = True
    written: list[tuple[str, str]] = attrs.field(factory=list)

    def write(self, method: str, path: str, item: Object) -> Object:
        self.written.append((method, path))
        name = path if method != "POST" else f"{path}/{item['metadata']['name']}"
        if method == "DELETE":
            del self.objects[name]
            return {}
        if method == "POST" and name in self.objects:
            raise ApiTrouble("there is one", status=HTTPStatus.CONFLICT)
        condition = {
            "type": "Available",
            "status": str(self.available),
            "message": "" if self.available else "no endpoints",
        }
        meta = {**item["metadata"], "resourceVersion": "2", "uid": "u"}
        self.objects[name] = {**item, "metadata": meta, "status": {"conditions": [condition]}}
        return self.objects[name]


def world(*, available: bool = True, port: int = 443) -> FakeWriter:
    return FakeWriter({SERVICE.path: {"spec": {"ports": [{"port": port}]}}}, available=available)


def foreign(name: str) -> Mapping[str, Object]:
    return {f"{APISERVICES}/{name}": {"metadata": {"name": name}, "spec": {"service": OTHERS}}}


def three_turns() -> Iterator[None]:
    yield from (None, None, None)


def installed(api: FakeWriter, *names: str, authority: Authority = AUTHORITY) -> list[str]:
    return list(
        install(names or (CUSTOM,), service=SERVICE, authority=authority, api=api, wait=three_turns)
    )


def spec(api: FakeWriter, name: str = CUSTOM) -> Any:
    return api.objects[f"{APISERVICES}/{name}"]["spec"]


def test_a_group_of_nobody_becomes_ours() -> None:
    api = world(port=6443)

    assert [f"{CUSTOM}: created"] == installed(api)
    assert ("custom.metrics.k8s.io", "v1beta2") == (spec(api)["group"], spec(api)["version"])
    assert {**attrs.asdict(SERVICE), "port": 6443} == spec(api)["service"]
    assert "the authority" == base64.b64decode(spec(api)["caBundle"]).decode()
    notes = api.objects[f"{APISERVICES}/{CUSTOM}"]["metadata"]["annotations"]
    assert {"cert-manager.io/inject-ca-from": "forescale/forescale-adapter"} == notes


def test_ours_gets_the_authority_of_today() -> None:
    api = world()
    installed(api)

    assert [f"{CUSTOM}: updated"] == installed(api, authority=Authority(pem="another"))
    assert "another" == base64.b64decode(spec(api)["caBundle"]).decode()


@pytest.mark.parametrize("name", [CUSTOM, EXTERNAL])
def test_what_belongs_to_another_is_never_changed(name: str) -> None:
    api = world()
    api.objects |= foreign(name)

    with pytest.raises(NotInstalled, match="belongs to another, Service keda/keda-metrics"):
        installed(api, CUSTOM, EXTERNAL)
    assert [] == api.written


def test_ours_in_another_namespace_is_anothers() -> None:
    api = world()
    installed(api)
    elsewhere = Service(namespace="else", name=SERVICE.name)
    api.objects[elsewhere.path] = api.objects[SERVICE.path]

    with pytest.raises(NotInstalled, match="Service forescale/forescale-adapter"):
        list(install((CUSTOM,), service=elsewhere, authority=AUTHORITY, api=api, wait=three_turns))


def test_external_metrics_are_left_to_keda_where_it_is() -> None:
    api = world()
    api.objects["/apis/keda.sh"] = {}

    with pytest.raises(NotInstalled, match="KEDA is in this cluster"):
        installed(api, CUSTOM, EXTERNAL)
    assert [] == api.written


def test_without_keda_both_groups_can_be_ours() -> None:
    assert 2 == len(installed(world(), CUSTOM, EXTERNAL))


def test_what_nobody_can_reach_is_taken_back() -> None:
    api = world(available=False)

    with pytest.raises(NotInstalled, match="does not answer: no endpoints; taken back"):
        installed(api)
    assert f"{APISERVICES}/{CUSTOM}" not in api.objects


def test_what_was_ours_before_stays_even_if_nobody_can_reach_it() -> None:
    api = world()
    installed(api)
    api.available = False

    with pytest.raises(NotInstalled, match=r"does not answer: no endpoints$"):
        installed(api)
    assert f"{APISERVICES}/{CUSTOM}" in api.objects


@pytest.mark.parametrize(
    ("objects", "says"),
    [
        ({}, "there is no Service forescale/forescale-adapter"),
        ({SERVICE.path: {"spec": {}}}, "must have one port"),
        ({SERVICE.path: {"spec": {"ports": [{"port": 1}, {"port": 2}]}}}, "must have one port"),
    ],
)
def test_a_service_that_cannot_answer_is_not_asked(objects: dict[str, Object], says: str) -> None:
    api = FakeWriter(objects)

    with pytest.raises(NotInstalled, match=says):
        installed(api)
    assert [] == api.written


def test_only_ours_is_removed() -> None:
    api = world()
    installed(api)
    api.objects |= foreign(EXTERNAL)

    lines = list(uninstall(service=SERVICE, api=api))

    assert f"{CUSTOM}: removed" == lines[0]
    assert lines[1].endswith("left as it is")
    assert {SERVICE.path, f"{APISERVICES}/{EXTERNAL}"} == api.objects.keys()


def test_what_is_not_there_need_not_be_removed() -> None:
    assert [f"{CUSTOM}: not there", f"{EXTERNAL}: not there"] == list(
        uninstall(service=SERVICE, api=world())
    )


def test_the_authority_is_found_in_the_secret_of_the_certificate() -> None:
    data = {"ca.crt": base64.b64encode(b"the authority").decode()}
    notes = {"cert-manager.io/certificate-name": "forescale-adapter"}
    path = "/api/v1/namespaces/forescale/secrets/tls"
    kept = FakeWriter({path: {"metadata": {"annotations": notes}, "data": data}})
    without = FakeWriter({path: {"metadata": {}, "data": {"tls.crt": ""}}})

    assert AUTHORITY == kept_in("tls", namespace="forescale", api=kept)
    with pytest.raises(NotInstalled, match=r"has no ca\.crt: name one by --ca-file"):
        kept_in("tls", namespace="forescale", api=without)
