"""The model of the HPA against a record of the real controller of Kubernetes 1.36.

`make e2e` with E2E_SHOWN=FOLDER writes such a record.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.unit.simulation.recorded import Step, modeled, real

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parent / "recorded_hpa.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("record", RECORDS, ids=[record["name"] for record in RECORDS])
def test_the_model_does_what_the_controller_did(record: Mapping[str, Any]) -> None:
    steps = [Step(*step) for step in record["steps"]]

    assert real(steps) == modeled(steps, spec=record["spec"])


def test_the_record_is_long_and_moves() -> None:
    moves = [after[2] - before[2] for r in RECORDS for before, after in pairwise(r["steps"])]

    assert len(moves) >= 200
    assert sum(move > 0 for move in moves) >= 25
    assert sum(move < 0 for move in moves) >= 15
