"""Closed loops over an hour and a half, and what is told of them."""

import csv
import io
import math
import pickle
from typing import Any

import attrs
import orjson
import pytest

from scaler.errors import ConfigError
from scaler.studies.executors import Here
from scaler.studies.replay.document import SCHEMA, document, write_courses
from scaler.studies.replay.lines import board_lines, summary_lines
from scaler.studies.replay.page import page
from scaler.studies.replay.policies import policy
from scaler.studies.replay.score import Score
from scaler.studies.replay.scoreboard import Scoreboard, line, play
from tests.unit.studies.replay.builders import a_replay, a_trace, played

POLICIES = (
    *("realtime:reactive", "hpa-utilization", "hpa-queue", "hpa-concurrency", "keda-p95"),
    *("keda-tokens", "fixed-peak", "oracle"),
)
CAPACITY = "9971"
"""Tokens per second of a replica, as its owner may know it."""


@pytest.fixture(scope="module")
def board() -> Scoreboard:
    return played(*POLICIES, tokensPerReplica=CAPACITY)


def scores(board: Scoreboard) -> dict[str, Score]:
    return {line.name: line.score for line in board.lines}


def test_every_policy_has_a_line_and_a_fixed_fleet_of_equal_cost_the_last(
    board: Scoreboard,
) -> None:
    *asked, equal = [line.name for line in board.lines]
    first, last = board.lines[0].score, board.lines[-1].score

    assert list(POLICIES) == asked
    assert equal.startswith("fixed-equal:")
    assert first.replica_hours <= last.replica_hours < first.replica_hours + 1.5


def test_everybody_gets_the_same_requests(board: Scoreboard) -> None:
    assert 1 == len({score.requests for score in scores(board).values()})


def test_policy_follows_demand_inside_its_objective_for_less_than_the_peak_costs(
    board: Scoreboard,
) -> None:
    found = scores(board)

    assert found["realtime:reactive"].over < 0.02
    assert found["realtime:reactive"].replica_hours < found["fixed-peak"].replica_hours
    assert found["realtime:reactive"].reversals <= 2


def test_who_knows_the_future_is_never_late_and_who_looks_at_the_queue_is(
    board: Scoreboard,
) -> None:
    found = scores(board)

    assert 0.0 == found["oracle"].over == found["fixed-peak"].over
    assert found["oracle"].replica_hours < found["fixed-peak"].replica_hours
    assert found["hpa-queue"].over > 0.1
    assert found["hpa-queue"].unserved > 0.0


def test_a_busy_gpu_asks_for_all_replicas_there_are(board: Scoreboard) -> None:
    assert 12 == scores(board)["hpa-utilization"].most


def test_same_seed_same_scores_and_another_seed_other_requests() -> None:
    one, same = (played("realtime:reactive", "keda-p95") for _ in range(2))
    other = played("keda-p95", seed=2)

    assert scores(one) == scores(same)
    assert scores(one)["keda-p95"] != scores(other)["keda-p95"]


def test_a_policy_can_be_played_by_another_process() -> None:
    asked = pickle.dumps((a_trace(), policy("keda-tokens"), a_replay("keda-tokens")))
    trace, one, replay = pickle.loads(asked)  # noqa: S301 - our own
    played_there = pickle.loads(pickle.dumps(line(trace, policy=one, replay=replay)))  # noqa: S301 - our own

    assert played("keda-tokens").lines[0].score == played_there.score


def test_a_forecast_orders_ahead_of_a_rise_that_came_before() -> None:
    board = played(
        "realtime", "realtime:reactive", hours=10, tokensPerReplica=CAPACITY, season="2h"
    )
    found = scores(board)

    assert found["realtime"].replica_hours > found["realtime:reactive"].replica_hours
    assert found["realtime"].over <= found["realtime:reactive"].over


def test_objective_and_bounds_of_the_metadata_hold_for_all() -> None:
    board = played("hpa-utilization", maxReplicas="3", latencyTarget="5s")

    assert (3, 5.0) == (board.lines[0].score.most, board.objective)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("headrooms", "0.7", "did you mean 'headroom'"), ("minReplicas", "0", "must be 1 or more")],
)
def test_wrong_metadata_are_refused(key: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        play(
            [a_trace()],
            replay=attrs.evolve(a_replay("realtime"), metadata={key: value}),
            executor=Here(),
        )


def test_scoreboard_is_told_in_lines(board: Scoreboard) -> None:
    lines = list(board_lines(board))

    assert lines[0].startswith("load: 90 min from 2023-11-15T02:30:00Z, after 30 min of warm-up")
    assert "6 replicas bear them" in lines[0]
    assert lines[1].split()[:3] == ["policy", "replica-h", "over"]
    assert any(line.startswith("realtime:reactive against fixed-equal:") for line in lines)
    assert any("hpa-queue" in line for line in lines if line.startswith("dearer and no earlier"))


def test_several_traces_are_added_up(board: Scoreboard) -> None:
    title, _, first, *_, equal = summary_lines([board, board])
    score = board.lines[0].score

    assert "all 2 traces" == title
    assert ["realtime:reactive", f"{2 * score.replica_hours:,.1f}"] == first.split()[:2]
    assert "fixed-equal" == equal.split()[0]
    assert [] == list(summary_lines([board]))


def test_document_has_every_figure_of_every_policy(board: Scoreboard) -> None:
    made: dict[str, Any] = orjson.loads(orjson.dumps(document([board], replay=a_replay(*POLICIES))))

    assert (SCHEMA, 120) == (made["schema"], made["options"]["lead_time_seconds"])
    (trace,) = made["traces"]
    assert [line.name for line in board.lines] == [each["name"] for each in trace["policies"]]
    assert all(math.isfinite(each["replica_hours"]) for each in trace["policies"])
    assert float(CAPACITY) == pytest.approx(trace["tokens_per_second_of_a_replica"], rel=0.001)


def test_courses_have_a_row_for_each_minute_that_is_scored(board: Scoreboard) -> None:
    file = io.StringIO()
    write_courses([board], file=file)
    file.seek(0)
    rows = list(csv.DictReader(file))

    assert 90 * len(board.lines) == len(rows)
    assert "2023-11-15T02:30:00Z" == rows[0]["ds"]
    first = [row for row in rows if row["policy"] == "realtime:reactive"]
    hours = sum(float(row["billed"]) for row in first) / 60
    assert board.lines[0].score.replica_hours == pytest.approx(hours, rel=0.001)


def test_page_needs_nothing_else_and_draws_every_policy(board: Scoreboard) -> None:
    made = page([board], replay=a_replay(*POLICIES))

    assert made.startswith("<!doctype html>")
    assert "http" not in made
    assert len(board.lines) == made.count("<svg")
