"""Kill -9 at random moments: the history stays whole, and says the same as to a twin."""

from pathlib import Path

from tests.integration.embedded.killing import kill_again_and_again

KILLS = 2
"""`python -m tests.bench.kill` does it a hundred times."""


async def test_killed_at_random_moments_it_decides_as_its_undisturbed_twin(tmp_path: Path) -> None:
    outcome = await kill_again_and_again(tmp_path, kills=KILLS, seed=KILLS)
    assert "ok" == outcome.integrity
    assert [] == outcome.different
    assert outcome.compared > 0
    assert outcome.readings > 0
