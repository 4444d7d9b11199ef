"""The document of a comparison as a person reads it."""

from typing import Any

import pytest

from scaler.cli.comparison import compared

DAY = 86_400
START = 1_700_006_400


def document(**changes: Any) -> dict[str, Any]:
    return {
        "namespace": "models",
        "name": "llama",
        "mode": "observe",
        "objective": 2.0,
        "unit": "tokens",
        "from": START,
        "to": START + 7 * DAY,
        "known_seconds": 6 * DAY,
        "over_seconds": 5400,
        "judged_seconds": 5 * DAY,
        "sized_seconds": 6 * DAY,
        "capacity": 9970.0,
        "happened": {"replica_hours": 1680.0, "short_seconds": 7200},
        "would": {"replica_hours": 1260.0, "short_seconds": 600},
        "disagreements": [
            {
                "start": START,
                "stop": START + 7200,
                "replica_hours": -8.0,
                "at": START + 60,
                "wanted": 10,
                "would": 6,
                "winner": "tokens",
                "limits": ["stabilization window"],
            }
        ],
        **changes,
    }


def test_both_sides_are_told() -> None:
    lines = list(compared(document()))

    assert [
        "models/llama: 7 d from 2023-11-15T00:00:00Z, mode observe",
        "  replicas known for 85.7% of the time",
        "  replica-hours    1,680.0 happened, 1,260.0 would have (-25.0%)",
        "  over objective   90 min over 2 s happened, of 5 d measured;"
        " what would have been cannot be measured",
        "  too few          2 h happened, 10 min would have,"
        " by the capacity learned (9,970 tokens/s a replica)",
        "  disagreements, the largest",
        "    2023-11-15T00:00:00Z for 2 h: -8.0 replica-hours;"
        " 6 instead of 10 at 2023-11-15T00:01:00Z (-4), by tokens, then stabilization window",
    ] == lines[:-1]
    assert lines[-1].startswith("  not in it: work is what arrived")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"known_seconds": 0}, "nothing can be compared"),
        ({"judged_seconds": 0}, "not known: no latency was measured"),
        ({"sized_seconds": 0}, "not known: what a replica bears was never seen"),
        ({"disagreements": []}, "what there was, all the time"),
        ({"happened": {"replica_hours": 0.0, "short_seconds": 0}}, "from nothing"),
    ],
)
def test_what_is_not_known_is_said(changes: dict[str, Any], said: str) -> None:
    assert said in "\n".join(compared(document(**changes)))
