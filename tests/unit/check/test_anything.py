"""Whatever a file holds, a check says something about it and does not fail."""

import json

from hypothesis import given
from hypothesis import strategies as st

from scaler.config.check.finding import Code
from scaler.config.check.report import check
from scaler.config.keys import KEYS
from tests.unit.check.objects import BEHAVIOR, METADATA, changed, found, put, right

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        "kind",
        "apiVersion",
        "metadata",
        "metadata.name",
        "spec.scaleTargetRef",
        "spec.minReplicaCount",
        "spec.maxReplicaCount",
        "spec.fallback",
        "spec.fallback.replicas",
        "spec.advanced",
        f"{BEHAVIOR}.scaleUp.policies",
        f"{BEHAVIOR}.scaleDown.tolerance",
        f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds",
        "spec.triggers",
        "spec.triggers.1",
        METADATA,
        *(f"{METADATA}.{key}" for key in ("scalerAddress", *KEYS)),
    ]
)


@given(PLACES, ODD)
def test_any_value_at_any_place(place: str, value: object) -> None:
    document = right()
    put(document, place, value)
    found(document)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes(content: bytes) -> None:
    report = check({"file": content}, settings=None, namespace="default")
    assert {Code.NOTHING, Code.UNREADABLE} & {each.code for each in report.findings}


@given(st.dictionaries(st.sampled_from(["defaults", "sources", "workloads", "log", "x"]), ODD))
def test_any_configuration(settings: dict[str, object]) -> None:
    check({"file": json.dumps(settings).encode()}, settings=None, namespace="default")


def test_lists_of_lists_end() -> None:
    document: dict[str, object] = changed()
    for _ in range(50):
        document = {"apiVersion": "v1", "kind": "List", "items": [document]}
    assert () == found(document)
