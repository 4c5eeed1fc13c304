"""The report as a reader uses it: in a real Chromium, from disk."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from evaluation.report.page import render
from evaluation.report.reading import read_runs
from evaluation.runs import Result, RunWriter, read_results
from tests.evaluation.report import browser as browsers
from tests.evaluation.report.demo_runs import HOSTILE, description, match_results, write_demo_run
from tests.evaluation.scoring.run_folders import result, write_run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
HOSTILE_TASK = "everyday/5_run_length"
TARGET = "  local other = 1\n  return result\n"
CONTRAST = """(selectors) => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => {
    const linear = (part) => (part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb(text).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const { backgroundColor } = getComputedStyle(element);
      if (rgb(backgroundColor)[3] !== 0) return backgroundColor;
    }
  };
  return selectors.map((selector) => {
    const element = document.querySelector(selector);
    const [one, two] = [light(getComputedStyle(element).color), light(behind(element))];
    return [selector, (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)];
  });
}"""


class Open(Protocol):
    """Opens one of the reports by name, at a place behind `#`."""

    def __call__(self, name: str, place: str = "", **options: Any) -> AbstractContextManager[Page]: ...


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    with browsers.chromium() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs and the reports on them: one.html, two.html (base and tuned), samples.html, all.html."""
    folder = tmp_path_factory.mktemp("report")
    base, tuned = (write_demo_run(folder / name, name) for name in ("base", "tuned"))
    samples = [write_demo_run(folder / f"{name}5", name, tasks=40, samples=5) for name in ("base", "tuned")]
    with RunWriter(folder / "lines", description("acme", 40, benchmark="lines", sandbox="none")) as run:
        for each in match_results(40):
            run.add(each)
    reports = {"one": [tuned], "two": [base, tuned], "samples": samples, "all": [base, tuned, folder / "lines"]}
    targets = {(description("", 1).settings.benchmark_sha256, task): TARGET for task in verdicts(folder, "tuned")}
    for name, runs in reports.items():
        page = render(read_runs(runs), targets if name == "one" else {})
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


@pytest.fixture
def report(browser: Browser, folder: Path) -> Open:
    """Opens a report; whatever goes wrong in it fails the test."""

    def open_report(name: str, place: str = "", **options: Any) -> AbstractContextManager[Page]:
        return browsers.opened(browser, f"{(folder / name).as_uri()}.html{place}", **options)

    return open_report


def verdicts(folder: Path, name: str) -> dict[str, Result]:
    return {each.task: each for each in read_results(folder / name)}


def rows(page: Page) -> list[str]:
    return page.locator("#table tbody th").all_inner_texts()


def shown(page: Page) -> int:
    return int(page.locator("#shown").inner_text().split()[0].replace(",", ""))


def test_the_summary_says_what_was_measured(report: Open) -> None:
    with report("two") as page:
        expect(page.locator("h1")).to_have_text("everyday-functions")
        expect(page.locator(".figure").first).to_contain_text("53.3")
        expect(page.locator(".card").first).to_contain_text("80 of 150 tasks are solved")
        expect(page.locator(".pair .verdict")).to_contain_text("B does better on 31 of 150 tasks, A on 4.")
        expect(page.locator(".warnings")).to_contain_text("A: 7 of 150 answers (4.7 %) hold no code")
        expect(page.locator(".shared")).to_contain_text("AMD EPYC 9354")


def test_filters_narrow_the_table_and_stand_in_the_address(report: Open, folder: Path) -> None:
    base, tuned = verdicts(folder, "base"), verdicts(folder, "tuned")
    with report("two") as page:
        assert shown(page) == 150
        page.get_by_label("Search").fill("moonbit rotate")
        assert rows(page) == [task for task, each in base.items() if "rotate" in task and each.language == "moonbit"]
        page.get_by_label("only where runs differ").check()
        page.get_by_label("Search").fill("")
        assert shown(page) == sum(each.passed != tuned[task].passed for task, each in base.items())
        page.get_by_label("Verdict").select_option("compile error")
        page.get_by_role("combobox", name="Run", exact=True).select_option("B")
        expected = [t for t, each in tuned.items() if each.verdict == "compile_error" and base[t].passed]
        assert rows(page) == expected
        page.reload()
        assert rows(page) == expected
        page.get_by_role("button", name="Reset").click()
        assert shown(page) == 150


def test_a_plot_leads_to_its_tasks(report: Open, folder: Path) -> None:
    with report("two") as page:
        page.get_by_role("link", name="hard").click()
        expect(page.get_by_label("Label")).to_have_value("level:hard")
        assert shown(page) == sum(each.labels["level"] == "hard" for each in verdicts(folder, "base").values())
        page.get_by_role("link", name="timeout").click()
        expect(page.get_by_label("Verdict")).to_have_value("timeout")
        assert 0 < shown(page) < 20


def test_columns_sort_both_ways(report: Open) -> None:
    with report("one") as page:
        head = page.get_by_role("columnheader", name="Tokens")
        head.get_by_role("button").click()
        tokens = [int(text) for text in page.locator("#table tbody td.number:nth-of-type(5)").all_inner_texts()]
        assert tokens == sorted(tokens)
        assert len(tokens) >= 100
        expect(head).to_have_attribute("aria-sort", "ascending")
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", "descending")
        page.get_by_role("columnheader", name="Verdict").get_by_role("button").click()
        expect(page.locator("#table tbody tr").first).not_to_contain_text("passed")
        head.get_by_role("button").click()
        expect(page.get_by_role("columnheader", name="Verdict")).to_have_attribute("aria-sort", "none")


def test_everything_goes_by_keyboard(report: Open) -> None:
    with report("two") as page:
        page.keyboard.press("/")
        page.keyboard.type("roman")
        page.locator("#table tbody a").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="everyday/9_roman")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("dialog", name="everyday/38_roman")).to_be_visible()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator("#table tbody a", has_text="everyday/9_roman")).to_be_focused()


def test_a_task_shows_how_two_answers_differ(report: Open, folder: Path) -> None:
    base, tuned = verdicts(folder, "base"), verdicts(folder, "tuned")
    task = next(t for t in base if base[t].verdict == "runtime_error" and tuned[t].passed)
    with report("two") as page:
        page.get_by_label("Search").fill(task)
        page.locator("#table tbody tr").first.click()
        dialog = page.get_by_role("dialog", name=task)
        removed, added = dialog.locator(".diff del"), dialog.locator(".diff ins")
        texts = [line for line in (tuned[task].completion or "").splitlines() if line]
        assert set(added.all_inner_texts()) <= set(texts)
        assert removed.count() > 0
        kept = dialog.locator(".diff span").all_inner_texts()
        assert sorted([*kept, *added.all_inner_texts()]) == sorted(texts)
        dialog.get_by_role("button", name="A runtime error").click()
        expect(dialog.locator(".why-line")).to_contain_text(base[task].detail)
        expect(dialog).to_contain_text("stack traceback")
        dialog.get_by_label("Compare with").select_option("nothing")
        assert dialog.locator("pre").first.inner_text().rstrip() == (base[task].completion or "").rstrip()
        assert page.url.endswith("task=" + task.replace("/", "%2F"))
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
        expect(page).not_to_have_url(re.compile("task="))  # the dialog tells of its end a moment later


def test_an_answer_stands_beside_its_target(report: Open) -> None:
    with report("one", "#task=everyday/0_clamp") as page:
        dialog = page.get_by_role("dialog", name="everyday/0_clamp")
        expect(dialog.get_by_label("Compare with")).to_have_value("target")
        assert dialog.locator(".diff del").all_inner_texts() == ["  local other = 1"]
        assert dialog.locator(".diff span").all_inner_texts() == ["  return result"]


def test_a_link_opens_a_task_and_each_of_its_answers(report: Open) -> None:
    with report("samples", "#task=everyday/8_roman") as page:
        dialog = page.get_by_role("dialog", name="everyday/8_roman")
        dialog.get_by_label("Answer").focus()
        dialog.get_by_label("Answer").select_option("4")
        expect(dialog.get_by_label("Answer")).to_have_value("4")
        expect(dialog.get_by_label("Answer")).to_be_focused()
        dialog.get_by_role("button", name="Close").click()
        expect(page.locator("#table tbody tr").first).to_contain_text("of 5")
        expect(page.locator("figure", has_text="pass@k").locator("polyline")).to_have_count(2)
    with report("one", "#task=nothing") as page:
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator("#shown")).to_contain_text("not in this report")


def test_hostile_text_stays_text(report: Open) -> None:
    with report("two", f"#task={HOSTILE_TASK}") as page:
        dialog = page.get_by_role("dialog", name=HOSTILE_TASK)
        assert dialog.locator("pre", has_text="<img src=x onerror").count() >= 3
        assert HOSTILE in dialog.locator("pre").first.inner_text()
        expect(dialog).to_contain_text("⟨U+001B⟩[31m⟨U+202E⟩txt")
        assert page.title() == "everyday-functions - Vernacular report"
        assert page.locator("main img, dialog img").count() == 0


def test_the_policy_refuses_scripts_of_others(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "one.html").as_uri())
    attempts = (
        "document.body.innerHTML = '<img src=x>'",
        "document.body.setAttribute('onclick', 'document.title = 1')",
        "document.createElement('script').text = 'document.title = 1'",
    )
    for attempt in attempts:
        with pytest.raises(Error, match=r"Trusted(HTML|Script)"):
            page.evaluate(f"() => {{ {attempt} }}")
    assert page.title() == "everyday-functions - Vernacular report"
    page.close()


def test_dark_and_light_by_the_system_and_by_the_button(report: Open) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with report("one", color_scheme="light") as page:
        light = page.evaluate(background)
        page.get_by_role("button", name="Use dark colours").click()
        dark = page.evaluate(background)
        assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 23, 28)")
        page.reload()
        assert page.evaluate(background) == dark
        expect(page.get_by_role("button", name="Use light colours")).to_be_visible()
    with report("one", color_scheme="dark") as page:
        assert page.evaluate(background) == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out(report: Open, scheme: str) -> None:
    selectors = [".lead", ".warnings li", ".badge.c0", ".badge.c1", ".badge.c2", "dt", "small", "#tasks kbd", "main a"]
    selectors += ["#table thead button", "#table .minor", "#table a", "footer p", ".top nav a"]
    selectors += [".why-line", ".diff ins", ".diff ins mark", ".diff del mark", ".labels li"]
    task = "#task=everyday/20_rotate"
    with report("all", task, color_scheme=scheme) as page:
        page.wait_for_selector(".diff mark")
        assert [found for found in page.evaluate(CONTRAST, selectors) if found[1] < 4.5] == []


@pytest.mark.parametrize("name", ["one", "two", "samples", "all"])
def test_a_narrow_screen_never_scrolls_sideways(report: Open, name: str) -> None:
    width = "[document.documentElement.scrollWidth, document.querySelector('#task').scrollWidth]"
    with report(name, "#task=everyday/10_transpose", width=360, height=740) as page:
        expect(page.get_by_role("dialog")).to_be_visible()
        assert max(page.evaluate(width)) <= 360
        page.keyboard.press("Escape")
        assert page.evaluate(width)[0] <= 360


def test_names_and_tables_for_who_does_not_see_it(report: Open) -> None:
    with report("all") as page:
        assert page.locator("svg[role=img]:not(:has(> title))").count() == 0
        assert page.locator("th:not([scope])").count() == 0
        unnamed = "[...document.querySelectorAll('input, select')].filter((field) => !field.labels.length).length"
        assert page.evaluate(unnamed) == 0
        assert page.locator("html").get_attribute("lang") == "en"
        expect(page.get_by_role("table", name="Tasks. Enter opens one; arrow keys move.")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("#filters")).to_be_hidden()


def test_ten_thousand_tasks_stay_fast(browser: Browser, tmp_path: Path) -> None:
    labels = ["low", "high"]
    many = [
        result(f"task/{n}", n % 3 == 0, labels={"half": labels[n >= 5000]}, stderr=f"line {n}\n" * 40)
        for n in range(10_000)
    ]
    path = tmp_path / "many.html"
    path.write_text(render(read_runs([write_run(tmp_path / "many", many)]), {}), encoding="utf-8")
    assert path.stat().st_size < 6_000_000
    shift = "new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().length)).observe"
    with browsers.opened(browser, path.as_uri()) as page:
        assert page.locator("#table tbody tr").count() <= 200
        begun = time.monotonic()
        page.get_by_label("Search").fill("task/9999")
        expect(page.locator("#table tbody tr")).to_have_count(1)
        page.get_by_label("Search").fill("")
        page.get_by_role("columnheader", name="Verdict").get_by_role("button").click()
        expect(page.locator("#shown")).to_have_text("10,000 of 10,000 tasks")
        assert time.monotonic() - begun < 5
        page.goto(f"{path.as_uri()}#task=task/7777")
        expect(page.get_by_role("dialog", name="task/7777")).to_contain_text("line 7777")
        moved = page.evaluate(f"Promise.race([{shift}({{type: 'layout-shift', buffered: true}})), 0])")
        assert moved == 0
