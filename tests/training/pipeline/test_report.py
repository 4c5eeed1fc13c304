"""The page on a run: what it says, and how it looks in a real browser."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.evaluation.report.browser import chromium
from tests.training.pipeline.small import Fakes
from training.pipeline.report.curves import plot, plots_of

HOSTILE = "<script>document.title='owned'</script>"


@pytest.fixture
def page(whole: tuple[Path, Fakes]) -> str:
    return (whole[0] / "run" / "report.html").read_text(encoding="utf-8")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.replace("\N{NO-BREAK SPACE}", " ")))


@pytest.mark.parametrize(
    "said",
    [
        "The gate says passed of transferred",
        "transferred alone solves 4 of 10 tasks, zero-shot alone 0. Chance alone could have brought this about",
        "Difference of pass@1: +40.0 points (+1.1 to +68.7)",
        "by the method difference at scale 1.",
        "1 (taken) 90.0 %",
        "corrected by Holm for the 4 comparisons",
        "files seen to train on bytes held out dropped lua",
        "The candidate alone solves it: add/final_4",
        "4,125",
        "77.7 GB",
    ],
)
def test_it_says(page: str, said: str) -> None:
    assert said in text_of(page)


def test_its_commands_work(page: str, whole: tuple[Path, Fakes]) -> None:
    """The one that verifies does so; the one that serves names a model."""
    commands = [shlex.split(found) for found in re.findall(r'<pre class="command"[^>]*>(vernacular [^<]+)</pre>', page)]
    assert [command[1] for command in commands] == ["report", "serve", "checkpoint"]
    assert commands[1][3] == str(whole[0] / "run" / "model")
    vernacular = Path(sys.executable).with_name("vernacular")
    answer = subprocess.run([vernacular, *commands[2][1:]], capture_output=True, text=True, check=False)
    assert "every tensor computed again: the same bytes" in answer.stdout, answer.stderr


def test_in_a_browser(whole: tuple[Path, Fakes]) -> None:
    """Nothing is asked of a network, nothing fails, nothing sticks out at any width; the theme can be chosen."""
    file = whole[0] / "run" / "report.html"
    hostile = file.with_name("hostile.html")
    hostile.write_text(file.read_text(encoding="utf-8").replace("</main>", f"{HOSTILE}</main>"), encoding="utf-8")
    with chromium() as browser:
        for width in (1280, 390):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="light")
            page = context.new_page()
            wrong: list[str] = []
            _listen(page, wrong)
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            page.click("#theme")
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
            headings = page.eval_on_selector_all("h1,h2,h3,h4", "all => all.map(one => Number(one.tagName[1]))")
            assert all(after - before <= 1 for before, after in itertools.pairwise(headings))
            assert page.locator("svg[role=img]:not(:has(> title))").count() == 0
            assert [each for each in wrong if each != file.as_uri()] == []
            page.goto(hostile.as_uri())
            assert page.title() == "small - Vernacular run"
            context.close()


def _listen(page: Page, wrong: list[str]) -> None:
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url))


def test_where_points_stand() -> None:
    found = plot("t", "n", {"a": [(0, 4.0), (50, 3.0), (100, 2.0)]})
    assert found.lines[0].points == "0.00,0.00 50.00,50.00 100.00,100.00"
    assert [label for _, label in found.across] == ["0", "25", "50", "75", "100"]
    assert [label for _, label in found.up] == ["2", "2.5", "3", "3.5", "4"]


def test_what_was_never_measured_has_no_plot() -> None:
    assert plots_of([]) == []
    curve = [{"step": 1, "tokens": 10, "loss": 2.0}, {"step": 2, "tokens": 20, "loss": 2.0}]
    assert [each.title for each in plots_of(curve)] == ["Loss"]
    assert plots_of([*curve, {"step": 3, "tokens": 30, "loss": float("nan")}])[0].lines[0].points.count(",") == 2
