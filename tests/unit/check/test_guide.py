"""The guide explains everything that can be found, and what it recommends is clean."""

import inspect
import re
from pathlib import Path

from scaler.config.check.finding import Code
from tests.unit.check import test_files, test_live, test_traps
from tests.unit.check.objects import found

GUIDE = (Path(__file__).parents[3] / "docs/guides/check.md").read_text()


def test_every_code_is_explained_and_no_other() -> None:
    assert [code.value for code in sorted(Code)] == sorted(
        re.findall(r"^### `(.+)`$", GUIDE, re.MULTILINE)
    )


def test_every_code_is_exercised() -> None:
    tests = "".join(map(inspect.getsource, (test_files, test_live, test_traps)))
    assert [] == [code for code in Code if f"Code.{code.name}" not in tests]


def test_what_the_guide_recommends_is_clean() -> None:
    example = GUIDE.partition("```yaml\n")[2].partition("```")[0]
    assert () == found(example)
