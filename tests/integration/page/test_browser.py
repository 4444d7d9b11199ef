"""The status page in a real browser."""

import pytest

from tests.integration.page.browser import Tab
from tests.integration.page.conftest import Show
from tests.integration.page.fleets import Fleets, capped, everything, fine, many

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

WIDTHS = (360, 768, 1600)
LONG = "/workloads/a-team-with-a-long-name/deepseek-v3-2-reasoning-distilled-int4-canary"
PAGES = {
    "/": "models/llama-70b",
    "/?q=nobody-has-this-name": "Show all 9",
    "/workloads/models/llama-70b": "maxReplicas 12 forbids 15",
    "/workloads/models/whisper-large-v3": "held at 4 for want of waiting",
    "/workloads/speech/kokoro": "no target, so KEDA gets none",
    "/workloads/models/gemma-3": "no decision yet: default: Cannot connect",
    "/workloads/batch/embeddings": "asleep",
    LONG: "canary",
}

WIDEST = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
TEXT = "document.body.innerText"
FAINT = """
(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.checkVisibility() || element.closest("svg")) continue;
    const [a, b] = [parts(getComputedStyle(element).color), ground(element)].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${element.textContent.trim()}: ${contrast.toFixed(1)}`);
  }
  return faint;
})()
"""
"""Texts with less contrast than WCAG 2 asks for at level AA."""
NAMELESS = """
[...document.querySelectorAll("a, button, input, select, [role=img]")]
  .filter((e) => !(e.innerText?.trim() || e.ariaLabel || e.labels?.length) && e.type !== "hidden")
  .map((e) => e.outerHTML)
"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
async def test_page_fits_its_screen_and_says_what_it_should(
    browser: Tab, show: Show, path: str, width: int
) -> None:
    shown = await show(everything())
    await browser.size(width=width)
    await browser.open(f"{shown.url}{path}")
    assert width == await browser.evaluate(WIDEST)
    assert PAGES[path] in await browser.evaluate(TEXT)
    assert [] == browser.complaints
    assert [] == [url for url in browser.asked if not url.startswith(shown.url)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
async def test_everything_can_be_read_by_day_and_by_night(
    browser: Tab, show: Show, path: str, scheme: str
) -> None:
    shown = await show(everything())
    await browser.colors(scheme)
    await browser.open(f"{shown.url}{path}")
    ground = await browser.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = max(int(part) for part in ground.removeprefix("rgb(").rstrip(")").split(",")) < 64
    assert (scheme == "dark") == dark
    assert [] == await browser.evaluate(FAINT)
    assert [] == await browser.evaluate(NAMELESS)


@pytest.mark.parametrize("width", WIDTHS)
async def test_empty_page_says_how_a_workload_appears(browser: Tab, show: Show, width: int) -> None:
    shown = await show(Fleets())
    await browser.size(width=width)
    await browser.open(shown.url)
    assert "as soon as KEDA asks for a ScaledObject" in await browser.evaluate(TEXT)
    assert width == await browser.evaluate(WIDEST)
    assert [] == browser.complaints


async def test_lines_are_drawn(browser: Tab, show: Show) -> None:
    shown = await show(everything())
    await browser.open(f"{shown.url}/workloads/models/llama-70b")
    box = "(({width, height}) => [width, height])(document.querySelector('%s').getBBox())"
    width, height = await browser.evaluate(box % ".plot path.target")
    assert width > 950
    assert height > 50


async def test_a_thousand_workloads_are_searched_and_leafed_through(
    browser: Tab, show: Show
) -> None:
    shown = await show(many(1000))
    await browser.open(shown.url)
    rows = "document.querySelectorAll('tbody tr').length"
    assert 50 == await browser.evaluate(rows)
    first = "document.querySelector('tbody a').innerText"
    assert "models/model-00096" == await browser.evaluate(first)
    await browser.evaluate("document.getElementById('q').focus()")
    await browser.type("model-0004")
    await browser.press("Enter")
    await browser.arrive()
    assert "1 to 10 of 10 found" in await browser.evaluate(TEXT)
    assert 10 == await browser.evaluate(rows)
    await browser.open(f"{shown.url}/?sort=name&page=2")
    assert "models/model-00050" == await browser.evaluate(first)


async def test_works_from_the_keyboard(browser: Tab, show: Show) -> None:
    shown = await show(everything())
    await browser.open(shown.url)
    await browser.press("Tab")
    focused = "document.activeElement.innerText"
    assert "Skip to the content" == await browser.evaluate(focused)
    await browser.evaluate("document.querySelector('tbody a').focus()")
    await browser.press("Tab")
    assert "speech/kokoro" == await browser.evaluate(focused)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert "solid" == await browser.evaluate(outline)
    await browser.press("Enter")
    await browser.arrive()
    assert "/workloads/speech/kokoro" == await browser.evaluate("location.pathname")


async def test_works_without_scripts(browser: Tab, show: Show) -> None:
    shown = await show(everything())
    await browser.scripts(on=False)
    await browser.open(f"{shown.url}/workloads/models/llama-70b")
    await browser.scripts(on=True)
    assert "scaleUpPolicies" in await browser.evaluate(TEXT)


async def test_new_numbers_come_in_place(browser: Tab, show: Show) -> None:
    fleets = Fleets()
    fleets.add(fine(target=5))
    shown = await show(fleets)
    await browser.open(shown.url)
    await browser.evaluate("document.querySelector('tbody a').focus()")
    fleets.add(fine(target=7))
    await browser.evaluate("look()")
    target = "document.querySelector('.target-number').innerText"
    assert "7" == await browser.evaluate(target)
    assert "models/llama" == await browser.evaluate("document.activeElement.innerText")
    assert [] == browser.complaints


async def test_old_numbers_are_said_to_be_old(browser: Tab, show: Show) -> None:
    fleets = Fleets()
    fleets.add(capped())
    shown = await show(fleets)
    await browser.open(shown.url)
    await shown.server.stop()
    await browser.evaluate("look()")
    assert "these numbers are old" in await browser.evaluate(TEXT)


async def test_paused_page_stands_still(browser: Tab, show: Show) -> None:
    shown = await show(everything())
    await browser.open(f"{shown.url}/?refresh=off")
    assert "paused" in await browser.evaluate(TEXT)
    assert "undefined" == await browser.evaluate("typeof look")
    links = "[...document.querySelectorAll('tbody a')].map((a) => a.search)"
    assert {"?refresh=off"} == set(await browser.evaluate(links))
