import pytest

from scaler.config.addresses import allowed


@pytest.mark.parametrize(
    ("address", "pattern"),
    [
        ("http://vllm:8000", "http://vllm:8000"),
        ("http://vllm:8000/metrics", "http://vllm:8000"),
        ("http://vllm/metrics", "http://vllm:80"),
        ("https://a.models.svc/x/metrics", "https://*.models.svc/x"),
    ],
)
def test_address_inside_of_a_pattern_is_allowed(address: str, pattern: str) -> None:
    assert allowed(address, patterns=["http://other", pattern])


@pytest.mark.parametrize(
    ("address", "pattern"),
    [
        ("https://vllm:8000", "http://vllm:8000"),
        ("http://vllm:8001", "http://vllm:8000"),
        ("http://models.svc", "http://*.models.svc"),
        ("http://evilmodels.svc", "http://*.models.svc"),
        ("http://a.models.svc.evil", "http://*.models.svc"),
        ("http://vllm/xy", "http://vllm/x"),
        ("http://vllm/x/../y", "http://vllm/x"),
        ("http://vllm/x/%2e%2e/y", "http://vllm/x"),
        ("http://169.254.169.254/latest", "http://vllm"),
    ],
)
def test_address_outside_of_a_pattern_is_not(address: str, pattern: str) -> None:
    assert not allowed(address, patterns=[pattern])
