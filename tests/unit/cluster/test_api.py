"""The official client against a server that is real enough to fail."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scaler.cluster.api import Api, ApiTrouble, Writer
from scaler.cluster.client import login as kubectl_login
from scaler.cluster.reach import found

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def server() -> Iterator[tuple[str, Callable[[Answer], None]]]:
    """An address, and what sets the answer that is given there."""
    answers: list[Answer] = [(200, {}, b"{}")]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers[-1]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            given = self.rfile.read(int(self.headers["Content-Length"]))
            answers.append((201, {}, given))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = Thread(target=listener.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listener.server_port}", answers.append
        listener.shutdown()
        thread.join()


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: tuple[str, object]) -> Api:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, server[0])))
    api = found()
    assert api is not None
    return api


def kubeconfig(folder: Path, address: str) -> Path:
    file = folder / "config"
    file.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "here", "cluster": {"server": address}}],
                "users": [{"name": "me", "user": {"token": "secret"}}],
                "contexts": [{"name": "c", "context": {"cluster": "here", "user": "me"}}],
                "current-context": "c",
            }
        )
    )
    return file


def test_outside_a_cluster_and_without_kubeconfig_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert found() is None


def test_a_kubeconfig_that_cannot_be_used_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))

    assert found() is None


def test_an_object_is_read(login: Api, server: tuple[str, Callable[[Answer], None]]) -> None:
    server[1]((200, {}, b'{"kind": "Scale"}'))

    assert {"kind": "Scale"} == login.get("/scale")


def test_a_watch_is_a_line_for_each_event(
    login: Api, server: tuple[str, Callable[[Answer], None]]
) -> None:
    server[1]((200, {}, b'{"type": "ADDED"}\n{"type": "DELETED"}\n'))

    events = list(login.watch("/pods", seconds=1))

    assert ["ADDED", "DELETED"] == [event["type"] for event in events]


@pytest.mark.parametrize(
    ("answer", "status", "said", "wait"),
    [
        ((403, {}, b'{"message": "pods is forbidden"}'), 403, "pods is forbidden", None),
        ((429, {"Retry-After": "7"}, b"slow down"), 429, "429", 7.0),
        ((410, {}, b'{"message": "too old"}'), 410, "too old", None),
        ((500, {}, b""), 500, "500", None),
        ((200, {}, b"<html>"), 0, "no JSON", None),
    ],
)
def test_whatever_is_no_answer_says_why(
    login: Api,
    server: tuple[str, Callable[[Answer], None]],
    answer: Answer,
    status: int,
    said: str,
    wait: float | None,
) -> None:
    server[1](answer)

    with pytest.raises(ApiTrouble, match=said) as trouble:
        login.get("/pods")

    assert (status, wait) == (trouble.value.status, trouble.value.retry_after)


def test_nobody_there_is_a_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, "http://127.0.0.1:1")))
    api = found()
    assert api is not None

    with pytest.raises(ApiTrouble) as trouble:
        api.get("/pods")

    assert 0 == trouble.value.status


def test_what_is_written_is_sent_as_it_is(login: Writer) -> None:
    item = {"kind": "APIService", "spec": {"caBundle": "YQ=="}}

    assert item == login.write("POST", "/apis", item)


def test_kubectls_login_is_used_where_one_is_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: tuple[str, Callable[[Answer], None]],
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, server[0])))
    server[1]((200, {}, b'{"kind": "Service"}'))

    assert {"kind": "Service"} == kubectl_login("c").get("/api")
    with pytest.raises(ApiTrouble, match="there is no login to a cluster"):
        kubectl_login("elsewhere")
