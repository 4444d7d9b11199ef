"""The reference pages say what the code does."""

from pathlib import Path

import pytest
import yaml

from scaler.config.load import load
from tests.reference import BLOCK, PAGES, TABLES, written


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda path: path.name)
def test_tables_are_those_of_the_code(page: Path) -> None:
    assert written(page.read_text()) == page.read_text(), "run `python -m tests.reference`"


def test_every_table_is_on_a_page() -> None:
    shown = {block[2] for page in PAGES.glob("*.md") for block in BLOCK.finditer(page.read_text())}
    assert set(TABLES) == shown


def test_example_of_the_configuration_page_can_be_loaded(tmp_path: Path) -> None:
    text = (PAGES / "config.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "config.yaml"
    path.write_text(text)
    settings = load(path, environ={})
    assert set(yaml.safe_load(text)["sources"]) == set(settings.sources)
    assert "chat" == settings.defaults["profile"]
