"""No input brings anything down, and nothing is read that was not there."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.unit.fuzz.targets import targets

EXAMPLES = {"metadata": 1500, "config": 200, "page": 1500, "reply": 2000}
NUMBERS = st.integers(min_value=0, max_value=2**64 - 1).map(Random)
"""One number an input: what is found again by its number needs no shrinking to be looked at."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_any_input_is_read_or_refused(name: str, tmp_path: Path) -> None:
    attempt = targets(tmp_path)[name]

    @settings(
        max_examples=EXAMPLES[name],
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(NUMBERS)
    def tried(rng: Random) -> None:
        attempt(rng)

    tried()
