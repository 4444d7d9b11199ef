"""The pages of studies in a real browser: wide and narrow, light and dark, and printed."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from scaler.studies.forecasts import forecast
from scaler.studies.page import forecast_page, page
from tests.integration.page.browser import tab
from tests.tools.servers import need
from tests.unit.studies.builders import PLAN, a_trace, an_account

pytestmark = pytest.mark.integration

PAGES: dict[str, Callable[[], str]] = {
    "backtest": lambda: page([an_account()], plan=PLAN),
    "forecast": lambda: forecast_page([(a_trace(), forecast(a_trace(), plan=PLAN))]),
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_every_screen_and_asks_nobody(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.html"
    file.write_text(PAGES[name](), encoding="utf-8")
    async with tab(need("chromium")["chromium"], tmp_path / "profile") as browser:
        for width, scheme in ((1280, "light"), (390, "dark")):
            await browser.size(width=width)
            await browser.colors(scheme)
            await browser.open(file.as_uri())

            assert width == await browser.evaluate("document.documentElement.scrollWidth")
            assert 0 < await browser.evaluate("document.querySelectorAll('svg path').length")
            assert ([], [file.as_uri()]) == (browser.complaints, browser.asked)
        printed = await browser.do("Page.printToPDF", printBackground=True)

    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
