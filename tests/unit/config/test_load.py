"""File and environment to settings, or every mistake with its path."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaler.config.load import load
from scaler.config.settings import ENVIRONMENT, LogFormat, Settings
from scaler.config.sources import Credential
from scaler.config.structure import section
from scaler.errors import ConfigError


def read(path: Path, text: str, **environ: str) -> Settings:
    path.write_text(text)
    return load(path, environ=environ)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_nothing_given_is_every_default() -> None:
    assert Settings() == load(None, environ={})


def test_empty_file_is_every_default(path: Path) -> None:
    assert Settings() == read(path, "")


def test_one_variable_names_a_prometheus() -> None:
    found = load(None, environ={"FORESCALE_PROMETHEUS_URL": "http://prometheus:9090"})
    assert {"default": "http://prometheus:9090"} == {k: v.url for k, v in found.sources.items()}


def test_environment_wins_over_the_file(path: Path) -> None:
    found = read(path, "log: {format: text}\nsettle: 10s", FORESCALE_LOG_FORMAT="json")
    assert (LogFormat.JSON, 10) == (found.log.format, found.settle)


def test_variables_that_kubernetes_makes_for_a_service_are_left_alone() -> None:
    environ = {"FORESCALE_PORT": "tcp://10.0.0.1:9090", "FORESCALE_SERVICE_HOST": "10.0.0.1"}
    assert Settings() == load(None, environ=environ)
    assert not {"FORESCALE_PORT", "FORESCALE_SERVICE_HOST", "FORESCALE_SERVICE_PORT"} & set(
        ENVIRONMENT
    )


def test_a_variable_that_sets_nothing_is_a_mistake_whose_value_stays_hidden() -> None:
    with pytest.raises(ConfigError) as refusal:
        load(None, environ={"FORESCALE_PROMETHUES_URL": "http://user:secret@prometheus:9090"})
    assert (
        "FORESCALE_PROMETHUES_URL: is no variable that sets anything "
        "(did you mean 'FORESCALE_PROMETHEUS_URL'?)"
    ) == str(refusal.value)


def test_a_variable_that_holds_a_secret_may_be_called_as_ours_are(path: Path) -> None:
    text = "sources: {main: {url: 'http://main:9090', bearerToken: {env: FORESCALE_TOKEN}}}"
    assert read(path, text, FORESCALE_TOKEN="hidden").sources  # noqa: S106


def test_whole_file(path: Path) -> None:
    found = read(
        path,
        """
        grpc: {address: "127.0.0.1:0", tls: {cert: c.pem, key: k.pem, clientCa: ca.pem}}
        evaluationInterval: 30
        sources:
          thanos:
            url: https://thanos:9090/prefix
            tenant: team-a
            bearerToken: {env: TOKEN}
            namespaces: [models]
            labels: {pod: pod_name}
            scrapeInterval: 1m
        allowedAddresses: "http://*.models.svc, http://gateway:80"
        defaults: {mode: observe, standby: 1}
        workloads:
          - {namespace: models, name: llama, metadata: {engine: vllm, prometheus: thanos}}
        freeze: true
        """,
    )
    assert "ca.pem" == (found.grpc.tls and found.grpc.tls.client_ca)
    thanos = found.sources["thanos"]
    assert ("team-a", 60, "pod_name") == (thanos.tenant, thanos.scrape_interval, thanos.labels.pod)
    assert (thanos.allows("models"), thanos.allows("others")) == (True, False)
    assert 2 == len(found.allowed_addresses)
    assert {"mode": "observe", "standby": "1"} == found.defaults
    assert (30, True) == (found.evaluation_interval, found.freeze)


@pytest.mark.parametrize(
    ("text", "path_", "part"),
    [
        ("evaluationIntervall: 5s", "evaluationIntervall", "did you mean 'evaluationInterval'?"),
        ("grpc: {addresz: ':1'}", "grpc.addresz", "did you mean 'address'?"),
        ("sources: {a: {}}", "sources.a.url", "must be given"),
        ("sources: {a: {url: 'x'}}", "sources.a.url", "must be an http://"),
        ("settle: soon", "settle", "must be a duration"),
        ("settle: [1]", "settle", "must be a single value"),
        ("workloads: 5", "workloads", "must be a list"),
        ("grpc: 5", "grpc", "must be a mapping"),
        ("sources: {a: {url: 'http://a', bearerToken: {}}}", "sources.a.bearerToken", "either"),
        ("defaults: {headrooom: 1}", "defaults.headrooom", "did you mean 'headroom'?"),
        ("defaults: {mode: on}", "defaults.mode", 'quote it: "on"'),
        ("profiles: {batch: {}}", "profiles.batch", "must not take the name of a shipped profile"),
        ("profiles: {a: {extends: btch}}", "profiles.a.extends", "did you mean 'batch'?"),
        ("profiles: {a: {metadata: {x: 1}}}", "profiles.a.metadata.x", "unknown key"),
        ("workloads: [{namespace: a}]", "workloads[0].name", "must be given"),
        (
            "workloads: [{namespace: a, name: b, metadata: {engine: vlm}}]",
            "workloads[0].metadata.engine",
            "did you mean 'vllm'?",
        ),
    ],
)
def test_mistake_is_named_with_its_path(path: Path, text: str, path_: str, part: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(path, text)
    (problem,) = refusal.value.problems
    assert path_ == problem.path
    assert part in str(problem)


def test_a_key_that_is_given_twice_is_named_with_its_line(path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(path, "settle: 5s\nlog:\n  level: info\n  format: json\n  level: debug\nsettle: 9s\n")
    assert {
        f"log.level: is given twice, and only one of them counts (line 5 of {path})",
        f"settle: is given twice, and only one of them counts (line 6 of {path})",
    } == {str(problem) for problem in refusal.value.problems}


def test_what_is_no_yaml_is_named_with_its_line(path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(path, "settle: 5s\nlog: [")
    assert re.match(rf"{path}: is not YAML: .* \(line 2\)", str(refusal.value))


def test_a_second_document_is_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="must be one document"):
        read(path, "settle: 5s\n---\nsettle: 9s\n")


@pytest.mark.parametrize(
    "text", ["2020-99-99", "{[]: 1}", "!!timestamp x", "\ud7ff: 0o9", "=: =", "a: &a [*a]"]
)
def test_what_yaml_stumbles_over_is_a_config_error(path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read(path, text)


@pytest.mark.parametrize("text", ["a: [", "- a", "\x00", "just text"])
def test_what_is_no_mapping_of_settings_is_said_so(path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        read(path, text)


def test_file_that_is_not_there_is_said_so(path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(path, environ={})


def test_every_mistake_is_named_at_once(path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(path, "settle: x\nstat: y\nops: {addresz: z}")
    assert {"settle", "stat", "ops.addresz"} == {p.path for p in refusal.value.problems}


def test_secret_is_read_when_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "token"
    credential = Credential(file=str(file))
    with pytest.raises(ConfigError, match="must hold a secret"):
        credential.reveal()
    file.write_text("first\n")
    assert "first" == credential.reveal()
    file.write_text("second")
    assert "second" == credential.reveal()


KEYS = st.sampled_from(["grpc", "sources", "url", "default", "workloads", "log", "profiles", "tls"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(KEYS | st.text(), JSON, max_size=5))
def test_any_content_gives_settings_or_a_config_error(raw: Mapping[str, object]) -> None:
    try:
        section(Settings)(raw, "")
    except ConfigError:
        return
