"""Pods belong to the workload whose kind names them so, and to no other."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.signals.naming import alone, naming

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?", fullmatch=True)
HASHES = st.text(LETTERS, min_size=1, max_size=10)
SUFFIXES = st.text(LETTERS, min_size=5, max_size=5)


def deployment_pod(name: str, template: str, suffix: str) -> str:
    """As the ReplicaSet controller generates it: cut to 58 characters before the suffix."""
    return f"{name}-{template}-"[:58] + suffix


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        ("llama-7d9c5bb84f-bcdfg", "llama"),
        ("llama-70b-7d9c5bb84f-bcdfg", "llama-70b"),
        ("llama-5-bcdfg", "llama"),
        ("llama-7d9c5bb84f-bcdfgh", None),
        ("llama-7d9c5bb84f-abcde", None),
        ("llama-0", None),
        ("llama", None),
        ("", None),
    ],
)
def test_a_deployments_pods(pod: str, owner: str | None) -> None:
    found = naming(["llama"], kind="Deployment").owner(pod)
    assert owner == (found[0] if found else None)


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        ("llama-0", "llama"),
        ("llama-12", "llama"),
        ("llama-70b-0", "llama-70b"),
        ("llama-7d9c5bb84f-bcdfg", None),
        ("llama-", None),
    ],
)
def test_a_stateful_sets_pods(pod: str, owner: str | None) -> None:
    found = naming(["llama"], kind="StatefulSet").owner(pod)
    assert owner == (found[0] if found else None)


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        ("llama-0", ("llama", "llama-0")),
        ("llama-0-3", ("llama", "llama-0")),
        ("llama-1-0", ("llama-1", "llama-1-0")),
        ("llama-1-2-3", ("llama-1", "llama-1-2")),
        ("mistral-0", None),
    ],
)
def test_a_group_of_a_leader_worker_set_is_one_replica(
    pod: str, owner: tuple[str, str] | None
) -> None:
    names = ["llama-1"] if pod.startswith("llama-1-") else ["llama"]
    assert owner == naming(names, kind="LeaderWorkerSet").owner(pod)


@given(name=NAMES, template=HASHES, suffix=SUFFIXES)
def test_every_pod_of_a_deployment_is_its_own(name: str, template: str, suffix: str) -> None:
    pod = deployment_pod(name, template, suffix)
    pods = naming([name], kind="Deployment")
    found = pods.owner(pod)
    assert found is not None
    assert re.fullmatch(pods.candidates, pod)
    if len(name) < 58:
        assert found == (name, pod)


@given(length=st.integers(40, 62), template=HASHES, suffix=SUFFIXES)
def test_a_long_names_pods_are_its_own_though_they_cut_it_off(
    length: int, template: str, suffix: str
) -> None:
    name = "a" * length
    pod = deployment_pod(name, template, suffix)
    assert naming([name], kind="Deployment").owner(pod) == (name, pod)


@pytest.mark.parametrize("length", range(40, 58))
def test_a_long_names_pods_are_not_a_shorter_ones(length: int) -> None:
    name = "a" * length
    found = naming([name], kind="Deployment").owner(
        deployment_pod(name[:-1], "7d9c5bb84f", "bcdfg")
    )
    assert found is None or found[0] != name


@given(name=NAMES, other=NAMES, template=HASHES, suffix=SUFFIXES)
def test_no_deployment_takes_in_a_pod_of_another(
    name: str, other: str, template: str, suffix: str
) -> None:
    if name == other or len(name) > 46 or len(other) > 46:
        return
    found = naming([name], kind="Deployment").owner(deployment_pod(other, template, suffix))
    assert found is None or found[0] != name


def test_only_names_that_pods_cut_off_need_a_query_of_their_own() -> None:
    assert not alone("a" * 46, kind="Deployment")
    assert alone("a" * 47, kind="Deployment")
    assert not alone("a" * 60, kind="StatefulSet")


def test_a_dot_in_a_name_is_a_dot() -> None:
    pods = naming(["llama-3.1"], kind="LeaderWorkerSet")
    assert pods.owner("llama-3.1-0") == ("llama-3.1", "llama-3.1-0")
    assert pods.owner("llama-3x1-0") is None
