from collections.abc import Mapping

import pytest

from scaler.config.workload import Workload
from scaler.errors import ConfigError, Problem
from scaler.pb import externalscaler_pb2 as pb
from scaler.serving.keda.answers import Metadata
from tests.unit.serving.published import workload


class Understanding:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self, namespace: str, name: str, metadata: Mapping[str, str]) -> Workload:
        self.times += 1
        if "bad" in metadata:
            raise ConfigError(Problem(path="bad", rule="is bad"))
        return workload(name)


def ref(name: str, **metadata: str) -> pb.ScaledObjectRef:
    return pb.ScaledObjectRef(namespace="models", name=name, scalerMetadata=metadata)


def test_metadata_are_understood_once() -> None:
    understanding = Understanding()
    metadata = Metadata(understanding)
    first = metadata.workload(ref("llama", a="1", b="2"))
    assert first is metadata.workload(ref("llama", b="2", a="1"))
    assert 1 == understanding.times


def test_mistakes_are_remembered() -> None:
    understanding = Understanding()
    metadata = Metadata(understanding)
    for _ in range(3):
        with pytest.raises(ConfigError, match="bad: is bad"):
            metadata.workload(ref("llama", bad=""))
    assert 1 == understanding.times


def test_what_is_asked_for_least_recently_goes_first() -> None:
    understanding = Understanding()
    metadata = Metadata(understanding, size=2)
    for name in ("a", "b", "a", "c", "a"):
        metadata.workload(ref(name))
    assert 3 == understanding.times
    metadata.workload(ref("b"))
    assert 4 == understanding.times
