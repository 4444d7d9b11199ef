"""The committed protocol is KEDA's, field by field: a wrong number would show on a cluster only."""

import pytest
from google.protobuf.descriptor import FieldDescriptor

from scaler.pb import externalscaler_pb2 as pb

FIELDS = {
    "ScaledObjectRef": {
        "name": (1, FieldDescriptor.TYPE_STRING),
        "namespace": (2, FieldDescriptor.TYPE_STRING),
        "scalerMetadata": (3, FieldDescriptor.TYPE_MESSAGE),
    },
    "IsActiveResponse": {"result": (1, FieldDescriptor.TYPE_BOOL)},
    "GetMetricSpecResponse": {"metricSpecs": (1, FieldDescriptor.TYPE_MESSAGE)},
    "MetricSpec": {
        "metricName": (1, FieldDescriptor.TYPE_STRING),
        "targetSize": (2, FieldDescriptor.TYPE_INT64),
        "targetSizeFloat": (3, FieldDescriptor.TYPE_DOUBLE),
    },
    "GetMetricsRequest": {
        "scaledObjectRef": (1, FieldDescriptor.TYPE_MESSAGE),
        "metricName": (2, FieldDescriptor.TYPE_STRING),
    },
    "GetMetricsResponse": {"metricValues": (1, FieldDescriptor.TYPE_MESSAGE)},
    "MetricValue": {
        "metricName": (1, FieldDescriptor.TYPE_STRING),
        "metricValue": (2, FieldDescriptor.TYPE_INT64),
        "metricValueFloat": (3, FieldDescriptor.TYPE_DOUBLE),
    },
}
METHODS = {
    # name: (request, response, whether the answer is a stream)
    "IsActive": ("ScaledObjectRef", "IsActiveResponse", False),
    "StreamIsActive": ("ScaledObjectRef", "IsActiveResponse", True),
    "GetMetricSpec": ("ScaledObjectRef", "GetMetricSpecResponse", False),
    "StreamMetricSpec": ("ScaledObjectRef", "GetMetricSpecResponse", True),
    "GetMetrics": ("GetMetricsRequest", "GetMetricsResponse", False),
}


def test_package_is_kedas() -> None:
    assert "externalscaler" == pb.DESCRIPTOR.package


def test_there_are_no_other_messages() -> None:
    assert set(FIELDS) == set(pb.DESCRIPTOR.message_types_by_name)


@pytest.mark.parametrize("message", FIELDS)
def test_fields_have_kedas_numbers_and_types(message: str) -> None:
    fields = pb.DESCRIPTOR.message_types_by_name[message].fields

    assert FIELDS[message] == {field.name: (field.number, field.type) for field in fields}


def test_methods_have_kedas_shapes() -> None:
    methods = pb.DESCRIPTOR.services_by_name["ExternalScaler"].methods

    assert METHODS == {
        method.name: (method.input_type.name, method.output_type.name, method.server_streaming)
        for method in methods
    }


def test_no_method_takes_a_stream() -> None:
    methods = pb.DESCRIPTOR.services_by_name["ExternalScaler"].methods

    assert not any(method.client_streaming for method in methods)


def test_a_reference_goes_over_the_wire_as_keda_encodes_it() -> None:
    reference = pb.ScaledObjectRef(name="chat", namespace="llm", scalerMetadata={"mode": "on"})

    assert b"\n\x04chat\x12\x03llm\x1a\n\n\x04mode\x12\x02on" == reference.SerializeToString()
