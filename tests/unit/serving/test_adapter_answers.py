"""What the metrics APIs answer, from what was published and nothing else."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import attrs
import pytest

from scaler.aggregation import owns
from scaler.policy.model import Gap, Reading, Reason, Sample, Signal
from scaler.runtime.board import Published
from scaler.serving.adapter.answers import Answers, Question
from scaler.serving.adapter.directory import LOOK_AGAIN, Directory, ReadyPod
from scaler.serving.adapter.documents import CUSTOM, EXTERNAL, groups, quantity, resources
from scaler.serving.adapter.status import Document, Refused, status
from scaler.serving.operations import Operations, Shown
from scaler.serving.recorder import Recorder
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.unit.serving.published import AT, NOW, published, showing, workload

DEPLOYMENTS = "deployments.apps"
LLAMAS = tuple(
    ReadyPod(name=f"llama-7d4f9c-{end}", since=since, labels={"app": "llama"})
    for since, end in ((3, "bcdfg"), (1, "hjklm"), (2, "npqrs"))
)
OTHER = ReadyPod(name="mistral-7d4f9c-bcdfg", since=0, labels={"app": "mistral"})


def shown(
    name: str = "llama",
    *,
    signals: Mapping[Signal, Reading] | None = None,
    reporting: float | None = None,
    **more: Any,
) -> Shown:
    """A workload with its decision; `reporting` pods were summed over."""
    found = published(name, **more)
    readings = attrs.evolve(
        found.readings,
        signals=signals or {Signal.WAITING: Sample(value=30, at=NOW - 5)},
        reporting=Gap(reason=Reason.ABSENT)
        if reporting is None
        else Sample(value=reporting, at=NOW),
    )
    return _shown(attrs.evolve(found, readings=readings))


def _shown(found: Published) -> Shown:
    return Shown(workload=found.workload, published=found)


@attrs.define
class Asked:
    """Answers about some workloads and pods, and the record of what was given."""

    shown: Sequence[Shown] = (shown(),)
    pods: Sequence[ReadyPod] | None = LLAMAS
    recorder: Recorder = attrs.field(
        factory=lambda: Recorder(
            telemetry=Telemetry(version="1"), served_log=MemoryServed(build="1"), now=lambda: NOW
        )
    )

    @property
    def answers(self) -> Answers:
        return Answers(
            directory=Directory(self._operations, owns=owns),
            pods=lambda _: self.pods,
            recorder=self.recorder,
            now=lambda: NOW,
        )

    @property
    def _operations(self) -> Operations:
        decided = [each.published for each in self.shown if each.published]
        waiting = {each.workload: each.trouble for each in self.shown if not each.published}
        return showing(*decided, waiting=waiting)

    def about(self, metric: str, *, name: str = "llama", resource: str = DEPLOYMENTS) -> Document:
        return self.answers.of_object(question(metric), resource=resource, name=name)

    def of_pods(self, metric: str, selector: str = "") -> dict[str, str]:
        items = self.answers.of_pods(question(metric, selector))["items"]
        return {item["describedObject"]["name"]: item["value"] for item in items}

    def of_workloads(self, metric: str, selector: str = "") -> dict[str, str]:
        items = self.answers.of_workloads(question(metric, selector))["items"]
        return {item["metricLabels"]["forescale.io/workload"]: item["value"] for item in items}


def question(metric: str, selector: str = "", *, metric_selector: str = "") -> Question:
    return Question(
        namespace="models", metric=metric, selector=selector, metric_selector=metric_selector
    )


def signal(signal: Signal, reading: Reading) -> Asked:
    return Asked([shown(signals={signal: reading})])


def test_an_object_has_the_target_of_its_workload_and_the_time_of_its_decision() -> None:
    asked = Asked()

    (item,) = asked.about("replicas")["items"]

    assert {
        "describedObject": {
            "kind": "Deployment",
            "namespace": "models",
            "name": "llama",
            "apiVersion": "apps/v1",
        },
        "metric": {"name": "replicas"},
        "timestamp": "2023-11-14T22:13:30Z",
        "value": "5",
    } == item
    assert AT == 1_700_000_010


async def test_a_target_that_is_given_is_recorded_and_a_signal_is_not() -> None:
    asked = Asked()

    asked.about("request_queue_depth")
    assert asked.recorder.telemetry.last_poll("models", "llama") is None
    asked.about("replicas")

    assert NOW == asked.recorder.telemetry.last_poll("models", "llama")
    served = await asked.recorder.served_log.between("models", "llama", start=AT, stop=NOW)
    assert [5] == [answer.target for answer in served]


@pytest.mark.parametrize(
    ("metric", "signal_of", "value", "written"),
    [
        ("gpu_utilization", Signal.UTILIZATION, 0.731, "73100m"),
        ("kv_cache_utilization", Signal.CACHE, 0.5, "50"),
        ("request_queue_depth", Signal.WAITING, 120.0, "120"),
        ("requests_running", Signal.RUNNING, 3.25, "3250m"),
        ("requests_per_second", Signal.REQUESTS, 1e9, "1000000000"),
        ("requests_rejected_per_second", Signal.REJECTED, 0.0, "0"),
        ("tokens_per_second", Signal.TOKENS, 1 / 3, "333m"),
        ("request_latency_seconds", Signal.LATENCY, 0.0006, "1m"),
        ("requests_held", Signal.ACTIVATION, 7.0, "7"),
    ],
)
def test_every_signal_is_a_metric_of_the_object(
    metric: str, signal_of: Signal, value: float, written: str
) -> None:
    asked = signal(signal_of, Sample(value=value, at=NOW))

    (item,) = asked.about(metric)["items"]

    assert written == item["value"]


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (DEPLOYMENTS, "Deployment"),
        ("statefulsets.apps", "StatefulSet"),
        ("leaderworkersets.leaderworkerset.x-k8s.io", "LeaderWorkerSet"),
        ("rollouts.argoproj.io", "Rollout"),
        ("fleets.example.org", "Fleet"),
    ],
)
def test_objects_of_any_kind_are_known_by_their_plural(resource: str, kind: str) -> None:
    found = published()
    watch = attrs.evolve(found.workload.watch, kind=kind)
    of_kind = attrs.evolve(found, workload=attrs.evolve(found.workload, watch=watch))
    asked = Asked([_shown(of_kind)])

    (item,) = asked.about("replicas", resource=resource)["items"]

    assert kind == item["describedObject"]["kind"]
    assert item["describedObject"]["apiVersion"].startswith(resource.partition(".")[2])


def test_a_scaled_object_is_an_object_too() -> None:
    (item,) = Asked().about("replicas", resource="scaledobjects.keda.sh")["items"]

    assert "ScaledObject" == item["describedObject"]["kind"]


def refusal(asked: Asked, metric: str, *, name: str = "llama", resource: str = DEPLOYMENTS) -> str:
    with pytest.raises(Refused) as refused:
        asked.about(metric, name=name, resource=resource)
    return f"{refused.value.code.value} {refused.value}"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked([shown(target=None)]), "no demand signal for 1800 s (holdFor)"),
        (Asked([shown(at=NOW - 1801)]), "the last decision is 1801 s old, and holdFor is over"),
        (
            Asked([Shown(workload=workload(), trouble="refused")]),
            "nothing was decided yet: refused",
        ),
    ],
)
def test_a_target_that_is_not_known_is_no_number(asked: Asked, says: str) -> None:
    assert f"503 models/llama: {says}" == refusal(asked, "replicas")
    assert asked.recorder.telemetry.last_poll("models", "llama") is None


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (Gap(reason=Reason.STALE), "is missing: stale"),
        (Gap(reason=Reason.IDLE, detail="no traffic"), "is missing: idle no traffic"),
        (Sample(value=1, at=NOW - 121), "is 121 s old, more than staleAfter"),
    ],
)
def test_a_signal_that_is_not_known_is_no_number(reading: Reading, says: str) -> None:
    asked = signal(Signal.WAITING, reading)

    assert f"503 models/llama: waiting {says}" == refusal(asked, "request_queue_depth")


@pytest.mark.parametrize(
    ("metric", "name", "resource"),
    [
        ("replicaz", "llama", DEPLOYMENTS),
        ("replicas", "llama-70b", DEPLOYMENTS),
        ("replicas", "llama", "statefulsets.apps"),
        ("replicas", "llama", "deployments"),
        ("replicas", "llama", "pods"),
        ("gpu_utilization", "llama", DEPLOYMENTS),
    ],
)
def test_what_is_unknown_is_not_found(metric: str, name: str, resource: str) -> None:
    assert refusal(Asked(), metric, name=name, resource=resource).startswith("404")


def test_objects_are_asked_for_one_by_one() -> None:
    assert refusal(Asked(), "replicas", name="*").startswith("400")


def test_two_workloads_of_one_object_are_told_apart_by_their_label_or_refused() -> None:
    one, other = shown(), published("llama-again")
    watch = attrs.evolve(other.workload.watch, workload="llama")
    twin = _shown(attrs.evolve(other, workload=attrs.evolve(other.workload, watch=watch)))
    asked = Asked([one, twin])

    assert refusal(asked, "replicas").startswith("400")
    chosen = question("replicas", metric_selector="forescale.io/workload=llama-again")
    assert asked.answers.of_object(chosen, resource=DEPLOYMENTS, name="llama")["items"]


@pytest.mark.parametrize(
    ("reporting", "parts"),
    [
        (3, {"bcdfg": "10", "hjklm": "10", "npqrs": "10"}),
        (4, {"bcdfg": "10", "hjklm": "10", "npqrs": "10"}),
        (None, {"bcdfg": "10", "hjklm": "10", "npqrs": "10"}),
        (0, {"bcdfg": "10", "hjklm": "10", "npqrs": "10"}),
        (2, {"hjklm": "15", "npqrs": "15"}),
        (1, {"hjklm": "30"}),
    ],
)
def test_a_total_is_shared_by_as_many_pods_as_report_those_that_are_ready_for_longest(
    reporting: float | None, parts: Mapping[str, str]
) -> None:
    found = Asked([shown(reporting=reporting)]).of_pods("request_queue_depth", "app=llama")

    assert {f"llama-7d4f9c-{end}": part for end, part in parts.items()} == found


def test_the_target_is_shared_by_all_that_are_ready() -> None:
    assert 3 == len(Asked([shown(reporting=1)]).of_pods("replicas"))


@pytest.mark.parametrize(
    ("signal_of", "metric", "each"),
    [
        (Signal.UTILIZATION, "gpu_utilization", "70"),
        (Signal.LATENCY, "request_latency_seconds", "700m"),
    ],
)
def test_a_mean_and_a_quantile_are_every_pods(signal_of: Signal, metric: str, each: str) -> None:
    found = signal(signal_of, Sample(value=0.7, at=NOW)).of_pods(metric)

    assert {each} == set(found.values())


@pytest.mark.parametrize("metric", ["replicas", "request_queue_depth"])
@pytest.mark.parametrize("total", [0, 1, 5, 7, 20, 997])
@pytest.mark.parametrize("pods", [1, 3, 7, 200])
def test_an_hpa_that_adds_up_the_parts_of_a_total_comes_to_the_total(
    metric: str, total: int, pods: int
) -> None:
    names = [f"llama-7d4f9c-{_letters(n)}" for n in range(pods)]
    there = [ReadyPod(name=name, since=0, labels={}) for name in names]
    waiting = {Signal.WAITING: Sample(value=total, at=NOW)}
    parts = Asked([shown(target=total, signals=waiting)], pods=there).of_pods(metric).values()
    thousandths = sum(int(p[:-1]) if p.endswith("m") else 1000 * int(p) for p in parts)

    assert total == -(-thousandths // 1000)


def _letters(number: int) -> str:
    letters = "bcdfghjklm"
    return "".join(letters[int(digit)] for digit in f"{number:05}")


def test_only_pods_that_are_selected_and_of_somebody_are_answered() -> None:
    strange = ReadyPod(name="llama-70b-7d4f9c-bcdfg", since=0, labels={"app": "llama"})
    asked = Asked([shown(), shown("mistral")], pods=[*LLAMAS[:2], OTHER, strange])

    assert {pod.name for pod in LLAMAS[:2]} == asked.of_pods("replicas", "app=llama").keys()
    assert {OTHER.name} == asked.of_pods("replicas", "app notin (llama)").keys()
    assert 3 == len(asked.of_pods("request_queue_depth"))


@pytest.mark.parametrize(
    ("asked", "metric", "selector", "code"),
    [
        (Asked([shown(), shown("mistral")], pods=[*LLAMAS, OTHER]), "replicas", "", 400),
        (Asked(), "replicas", "app like llama", 400),
        (Asked(), "replicas", "app=mistral", 404),
        (Asked(), "requests_held", "", 404),
        (Asked([]), "replicas", "", 404),
        (Asked(pods=None), "replicas", "", 503),
        (Asked(pods=[]), "replicas", "", 404),
        (Asked([shown(target=None)]), "replicas", "", 503),
    ],
)
def test_pods_of_whom_nothing_is_known_get_no_number(
    asked: Asked, metric: str, selector: str, code: int
) -> None:
    with pytest.raises(Refused) as refused:
        asked.of_pods(metric, selector)
    assert code == refused.value.code


def test_workloads_are_selected_by_their_labels() -> None:
    asked = Asked([shown(), shown("mistral", target=3)])

    assert {"mistral": "3"} == asked.of_workloads("replicas", "forescale.io/workload=mistral")
    assert {"llama": "30", "mistral": "30"} == asked.of_workloads(
        "request_queue_depth", "forescale.io/engine in (vllm), forescale.io/kind=Deployment"
    )


@pytest.mark.parametrize(
    ("metric", "selector", "code"),
    [
        ("replicas", "", 400),
        ("replicas", "forescale.io/workload", 400),
        ("replicas", "forescale.io/workload in (llama, mistral)", 400),
        ("replicas", "forescale.io/workload!=mistral", 400),
        ("replicas", "forescale.io/engine=vllm", 400),
        ("replicas", "forescale.io/workload=gemma", 404),
        ("replicaz", "forescale.io/workload=llama", 404),
        ("request_queue_depth", "forescale.io/engine=tei", 404),
    ],
)
def test_targets_are_never_added_up(metric: str, selector: str, code: int) -> None:
    with pytest.raises(Refused) as refused:
        Asked([shown(), shown("mistral")]).of_workloads(metric, selector)
    assert code == refused.value.code


@pytest.mark.parametrize(
    ("number", "down", "written"),
    [
        (0, False, "0"),
        (21.0, False, "21"),
        (2.3336, False, "2334m"),
        (2.3336, True, "2333m"),
        (1e15, False, "1000000000000000"),
    ],
)
def test_numbers_are_written_whole_or_in_thousandths(
    number: float, down: bool, written: str
) -> None:
    assert written == quantity(number, down=down)


def test_discovery_names_every_metric() -> None:
    assert ["custom.metrics.k8s.io", "external.metrics.k8s.io"] == [
        group["name"] for group in groups()["groups"]
    ]
    names = [each["name"] for each in resources(CUSTOM)["resources"]]
    assert {"pods/replicas", "deployments.apps/gpu_utilization"} <= set(names)
    assert "pods/requests_held" not in names
    assert "replicas" in [each["name"] for each in resources(EXTERNAL)["resources"]]


def test_a_refusal_is_said_as_an_api_server_says_it() -> None:
    assert {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "nobody",
        "reason": "NotFound",
        "code": 404,
    } == status(HTTPStatus.NOT_FOUND, "nobody")


def test_a_new_workload_is_found_and_what_is_decided_counts_at_once() -> None:
    moment = [NOW]
    operations = attrs.evolve(showing(published()), now=lambda: moment[0])
    directory = Directory(operations, owns=owns)
    assert [5] == _targets(directory)

    operations.board.post(published(target=6))
    operations.board.post(published("mistral", target=2))
    assert [6] == _targets(directory)

    moment[0] += LOOK_AGAIN
    assert [6, 2] == _targets(directory)
    moment[0] -= 3600
    operations.board.remove(published().workload.key)
    assert [2] == _targets(directory)


def _targets(directory: Directory) -> list[int | None]:
    return [each.published.decision.target for each in directory.within("models") if each.published]
