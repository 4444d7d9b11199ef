"""`forescale check` as it is used: files in, lines or a document out, and an exit code."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from scaler.cli.findings import SCHEMA
from scaler.cluster.objects import FLOOR, FREEZE, PREFIX
from tests.unit.check.objects import METADATA, put, right
from tests.unit.cli.test_commands import run
from tests.unit.signals.servers import FakePrometheus, serving, status

PAGE = 'vllm:num_requests_running{model_name="llama"} 3\n'


def written(folder: Path, name: str, document: object) -> str:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def wrong(**metadata: str) -> dict[str, Any]:
    document = right()
    for key, value in metadata.items():
        put(document, f"{METADATA}.{key}", value)
    return document


@pytest.fixture
def config(tmp_path: Path) -> str:
    return written(tmp_path, "config.yaml", "sources: {default: {url: 'http://127.0.0.1:1'}}")


def test_clean_files_are_done(tmp_path: Path, config: str) -> None:
    code, out, _ = run("check", written(tmp_path, "a.yaml", right()), config)
    assert (0, "1 ScaledObject, 1 configuration: 0 errors, 0 warnings, 0 notes\n") == (code, out)


def test_mistakes_are_problems_with_a_place_to_jump_to(tmp_path: Path, config: str) -> None:
    file = written(tmp_path, "a.yaml", wrong(headroom="2", latencyTraget="1s"))
    code, out, _ = run("check", "--config", config, file)
    assert 1 == code
    lines = out.splitlines()
    headroom = "headroom: must be between 0 and 1, got '2' [bad-value]"
    assert f"{file}:1: error: models/llama {headroom}" in lines
    assert "    did you mean 'latencyTarget'?" in lines


@pytest.mark.parametrize(
    ("name", "value", "said", "do"),
    [
        (FREEZE, "tomorrow", "must be in RFC 3339 ", "such as 2026-12-24T18:00:00Z"),
        (FLOOR, "3 til noon", "must be `REPLICAS until TIME`", "got '3 til noon' [bad-value]"),
        (f"{PREFIX}freze-until", "2027-01-15T09:00:00Z", "unknown annotation", repr(FREEZE)),
    ],
)
def test_annotations_that_brake_nothing_are_named(
    tmp_path: Path, name: str, value: str, said: str, do: str
) -> None:
    document = right()
    document["metadata"]["annotations"] = {name: value, "example.org/floor": "mine"}
    file = written(tmp_path, "a.yaml", document)
    code, out, _ = run("check", file)
    assert 1 == code
    assert f"{file}:1: error: models/llama {name}: {said}" in out
    assert do in out
    assert "1 error," in out


def test_annotations_that_brake_are_clean(tmp_path: Path) -> None:
    time = "2027-01-15T09:00:00Z"
    document = right()
    document["metadata"]["annotations"] = {FREEZE: time, FLOOR: f"3 until {time}"}
    assert 0 == run("check", written(tmp_path, "a.yaml", document))[0]


def test_warnings_are_problems_only_where_that_is_asked(tmp_path: Path, config: str) -> None:
    file = written(tmp_path, "a.yaml", wrong(caCert="PEM"))
    assert 0 == run("check", file, config)[0]
    assert 1 == run("check", "--strict", file, config)[0]
    assert 1 == run("check", file, config, FORESCALE_STRICT="1")[0]


def test_document_has_everything(tmp_path: Path, config: str) -> None:
    code, out, err = run(
        "check", "--json", written(tmp_path, "a.yaml", wrong(haedroom="1")), config
    )
    document = json.loads(out)
    assert (1, "", SCHEMA) == (code, err, document["schema"])
    assert {"error": 1, "warning": 0, "note": 0} == document["totals"]
    (finding,) = document["findings"]
    expected = {"severity": "error", "code": "unknown-key", "key": "haedroom", "document": 1}
    assert expected == {name: finding[name] for name in expected}


def test_standard_input_is_a_dash() -> None:
    code, out, _ = run("check", "-", stdin=json.dumps(wrong(headroom="2")))
    assert 1 == code
    assert "\n-:1: error: models/llama headroom" in out


def test_environment_is_a_configuration(tmp_path: Path) -> None:
    file = written(tmp_path, "a.yaml", wrong(prometheus="thanos"))
    assert 0 == run("check", file)[0]
    code, out, _ = run("check", file, FORESCALE_PROMETHEUS_URL="http://x")
    assert 1 == code
    assert "prometheus: must name a source" in out


@pytest.mark.parametrize(
    "args",
    [["check"], ["check", "missing.yaml"], ["check", "."], ["check", "-", "--config", "no.yaml"]],
    ids=["none", "missing", "folder", "config"],
)
def test_bad_usage(args: list[str]) -> None:
    assert 2 == run(*args)[0]


DECLARED = {"right": "URL", "gone": "http://127.0.0.1:1"}


def declaring(name: str, address: str) -> str:
    """A configuration that declares one workload, and may read it only there."""
    return f"""allowedAddresses: ["{address}"]
workloads:
  - namespace: models
    name: {name}
    metadata:
      endpoints: {address}/metrics
      engine: vllm
      source: scrape
"""


async def live(folder: Path, document: dict[str, Any], url: str) -> tuple[int, str]:
    """Look at what the document asks for, with this Prometheus."""
    config = written(folder, "live.yaml", f"sources: {{default: {{url: {url}}}}}")
    file = written(folder, "a.yaml", document)
    code, out, _ = await asyncio.to_thread(run, "check", "--live", "--config", config, file)
    return code, out


async def test_wrong_metric_is_one_sentence(tmp_path: Path) -> None:
    async with serving(FakePrometheus()) as url:
        code, out = await live(tmp_path, right(), url)
    assert 1 == code
    (said,) = [line for line in out.splitlines() if "[no-demand-signal]" in line]
    assert "engine: no metric of vllm is found" in said
    assert "waiting       - absent" in out


async def test_wrong_query_is_one_sentence(tmp_path: Path) -> None:
    async with serving(FakePrometheus()) as url:
        code, out = await live(tmp_path, wrong(queueQuery="sum(nothing)"), url)
    assert 1 == code
    assert "queueQuery: finds no series, got 'sum(nothing)' [empty-query]" in out


@pytest.mark.parametrize("how", ["gone", "no Prometheus"])
async def test_wrong_url_is_one_sentence(tmp_path: Path, how: str) -> None:
    async with serving(status(404, "not here")) as url:
        code, out = await live(tmp_path, right(), "http://127.0.0.1:1" if how == "gone" else url)
    assert 1 == code
    (said,) = [line for line in out.splitlines() if "[no-answer]" in line]
    assert "prometheus: gives no answer: default: " in said
    assert "is the url of source default right, and can it be reached from here?" in out


async def test_right_page_is_clean_and_shown(tmp_path: Path) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE)

    async with serving(page) as url:
        metadata = {"source": "scrape", "endpoints": f"{url}/metrics"}
        file = written(tmp_path, "a.yaml", wrong(**metadata))
        code, out, _ = await asyncio.to_thread(run, "check", "--live", file)
    assert 0 == code
    assert "models/llama sees" in out
    assert "running       3" in out


async def test_what_a_configuration_declares_is_looked_at_by_its_own_settings(
    tmp_path: Path,
) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE)

    async with serving(page) as url:
        right, gone = (declaring(name, address) for name, address in DECLARED.items())
        files = [
            written(tmp_path, "right.yaml", right.replace("URL", url)),
            written(tmp_path, "gone.yaml", gone),
        ]
        code, out, _ = await asyncio.to_thread(run, "check", "--live", *files)
    assert 1 == code
    assert "models/right sees" in out
    assert f"{files[1]}:7: error: models/gone engine: no metric of vllm is found" in out
