"""Pages and answers that no exporter and no Prometheus should give."""

import re
from collections.abc import Iterator, Mapping
from random import Random

import attrs
import orjson

from scaler.policy.model import Readings, Sample, Signal
from scaler.signals.evaluate import evaluate, names_for
from scaler.signals.exposition import Page, read_page_in_turns
from scaler.signals.pages import Pages
from scaler.signals.quantity import Quantity, Track, is_meant, windows
from scaler.signals.readings import assemble
from scaler.signals.reply import Series, read_reply
from scaler.signals.scope import NAMESPACE, WORKLOAD
from tests.unit.fuzz.damage import damaged
from tests.unit.fuzz.turns import driven
from tests.unit.signals.engine_cases import CASES, FIRST, LAST, PAGES, STEP, Case

AS_OPEN_METRICS = b' 1700000000.123 # {trace_id="4bf92f"} 0.43 1699999999.9\n'
_TOKEN = re.compile(rb"[\s}]+")
_SHARE = 1.0 + 1e-6
_TOO_SMALL = 1e-9


@attrs.frozen(kw_only=True)
class Exposed:
    """An engine's two pages, one scrape apart, the second as it came."""

    case: Case
    first: bytes
    second: bytes


def exposed(rng: Random) -> Exposed:
    """A recorded page of one of the engines, damaged."""
    case = rng.choice(CASES)
    page = (PAGES / f"{case.page}.txt").read_bytes()
    if rng.random() < 0.2:
        page = page.replace(b"\n", AS_OPEN_METRICS) + b"# EOF\n"
    return Exposed(case=case, first=page, second=damaged(_grown(page, rng), rng))


def _grown(page: bytes, rng: Random) -> bytes:
    """Mostly as it is; sometimes as large as is ever read, of its own lines or of one."""
    if rng.random() > 0.002:
        return page
    most = 8 * 1024 * 1024
    again = page if rng.random() < 0.5 else page.replace(b"\n", b" ") + b'a="' * 20
    return (again * (most // len(again) + 1))[:most]


def read_without_inventing(given: Exposed) -> float:
    """Every value of a page stands in it, and readings come of series that are there.

    Returns the longest time without a turn for others, in seconds.
    """
    workload = given.case.workload
    names = names_for(workload)
    before, _ = driven(read_page_in_turns(given.first, names=names))
    page, longest = driven(read_page_in_turns(given.second, names=names))
    _assert_in_page(page, given.second)
    pages = Pages()
    looks_back = windows(STEP)
    pages.turn({"a": before}, now=FIRST, keep=looks_back.latency)
    pages.turn({"a": page}, now=LAST, keep=looks_back.latency)
    answer: dict[Quantity, list[Track]] = {}
    for quantity, track in evaluate(workload, pages, at=LAST, windows=looks_back):
        if is_meant(workload, track):
            answer.setdefault(quantity, []).append(track)
    readings = assemble(answer, workload=workload, at=LAST, windows=looks_back)
    if not any(page.values()):
        assert not [signal for signal in _gauges(readings) if readings.value(signal) is not None]
    return longest


def _gauges(readings: Readings) -> Iterator[Signal]:
    """Signals that one page alone can give."""
    yield from readings.signals.keys() & {Signal.RUNNING, Signal.WAITING, Signal.CACHE}


def _assert_in_page(page: Page, body: bytes) -> None:
    if sum(map(len, page.values())) == 0:
        return
    lines = body.split(b"\n")
    for name, series in page.items():
        mine = [line for line in lines if line.startswith(name.encode())]
        written = {_number(token) for line in mine for token in _TOKEN.split(line)}
        for value in series.values():
            assert repr(value) in written, (name, value)


def _number(token: bytes) -> str:
    try:
        return repr(float(token))
    except ValueError:
        return ""


def reply(rng: Random) -> bytes:
    """A good answer whose parts are replaced by others, or whose bytes are damaged."""
    document: object = {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [_series(rng) for _ in range(rng.randint(0, 4))],
        },
    }
    for _ in range(rng.choice((0, 1, 1, 2))):
        document = _replaced(document, rng)
    body = orjson.dumps(document)
    return damaged(body, rng) if rng.random() < 0.6 else body


def _series(rng: Random, *, subject: Mapping[str, str] | None = None) -> object:
    labels = {NAMESPACE: "models", WORKLOAD: "llama", **(subject or {})}
    values = [[LAST - age * STEP, repr(rng.uniform(0, 50))] for age in range(rng.randint(0, 3))]
    return {"metric": labels, "values": values}


_ODD: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    2**63,
    "",
    "NaN",
    "+Inf",
    "-Inf",
    "1e999",
    "1_000",
    "٣",
    "x" * 1000,
    [],
    {},
    [[]],
    [None],
    [LAST, "1", "2"],
    [str(LAST), "5"],
    [LAST, 7],
    "vector",
    "scalar",
    "streams",
    "error",
    {"__name__": 5},
    {"status": "error", "errorType": "bad_data", "error": "no"},
)


def _replaced(document: object, rng: Random) -> object:
    """One part of `document`, at any depth, by something odd."""
    if rng.random() < 0.15 or not isinstance(document, dict | list) or not document:
        return rng.choice(_ODD)
    if isinstance(document, dict):
        key = rng.choice(list(document))
        if rng.random() < 0.1:
            return {other: value for other, value in document.items() if other != key}
        return {**document, key: _replaced(document[key], rng)}
    index = rng.randrange(len(document))
    return [*document[:index], _replaced(document[index], rng), *document[index + 1 :]]


def series_without_inventing(body: bytes) -> None:
    """An answer is series whose values stand in it, or it is refused."""
    try:
        found = list(read_reply(body).series())
    except ValueError:
        return
    assert_in_reply(found, body)


def assert_in_reply(found: list[Series], body: bytes) -> None:
    written = texts_in(body)
    for series in found:
        assert all(isinstance(at, int) for at in series.values)
        assert {repr(value) for value in series.values.values()} <= written


def texts_in(body: bytes) -> set[str]:
    """Every number that stands in quotes, as Python writes it."""
    return {_number(text) for text in re.findall(rb'"([^"]*)"', body)}


def assert_served(readings: Readings, written: set[str]) -> None:
    """Each signal's value is one that was served, as the rules for shares and noise leave it."""
    for signal, reading in readings.signals.items():
        if isinstance(reading, Sample):
            assert any(_became(text, reading.value) for text in written), (signal, reading)


def _became(text: str, value: float) -> bool:
    number = float(text or "nan")
    clipped = value == 1.0 and 1.0 <= number <= _SHARE
    return number == value or clipped or (value == 0.0 and 0.0 <= number < _TOO_SMALL)
