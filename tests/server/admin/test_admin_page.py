"""The operators' page in a real Chromium, before a real server."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.storage.database import Database
from server.telemetry.clock import Clock
from server.telemetry.writer import Writer
from tests.evaluation.report.browser import chromium
from tests.server.telemetry.making import event
from tests.server.telemetry.test_faults import events_server

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that has three weeks of events."""
    url = f"sqlite:///{tmp_path_factory.mktemp('admin')}/events.db"
    writer = Writer(Database(url), Clock())
    writer.start()
    chance = random.Random(7)
    for day in range(13):
        events = []
        for language, model, share in (("levy", "levy-7b", 0.34), ("moonbit", "shared", 0.22), (HOSTILE, "", 0.1)):
            name: dict[str, Any] = {"language": language, "model": model, "age_s": day * 86_400.0}
            for _ in range(10 + chance.randrange(20)):
                events.append(event(latency={"answer_ms": chance.lognormvariate(5, 0.5)}, **name))
                if chance.random() < share + 0.01 * day:
                    events.append(event("accepted", **name))
                    events.append(event("kept", changed=chance.random() ** 3, **name))
        writer.submit(events, "ada").result(60)
    writer.close()
    with events_server(url) as (_, found):
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Whatever is said on the console, and any error, fails the test at its end."""
    context = browser.new_context(viewport={"width": 1280, "height": 1100})
    one = context.new_page()
    wrong: list[str] = []
    one.on("console", lambda message: None if "Failed to load resource" in message.text else wrong.append(message.text))
    one.on("pageerror", lambda error: wrong.append(str(error)))
    one.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    yield one
    context.close()
    assert wrong == []


def test_plots_and_tables_say_what_the_server_says(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/admin")
    expect(page.locator("#languages tbody tr")).to_have_count(3)
    usage = json.loads(page.evaluate("fetch('/admin/v1/usage?days=30').then(answer => answer.text())"))
    expect(page.locator("#days-plot circle")).to_have_count(len(usage["days"]))
    expect(page.locator("#languages-plot rect.bar")).to_have_count(3)
    expect(page.locator("#models-plot rect.bar")).to_have_count(3)
    first = usage["languages"][0]
    share = f"{100 * first['figures']['acceptance']:.1f} %"
    expect(page.locator("#languages tbody tr").first).to_contain_text(share)
    expect(page.locator("#models")).to_contain_text("work space’s lines")
    expect(page.locator("#totals dd").first).to_have_text(f"{usage['total']['offered']:,}")
    expect(page.locator("#languages")).to_contain_text(HOSTILE)  # as text
    bars = page.locator("#languages-plot rect.bar")
    widths = [float(bars.nth(number).get_attribute("width") or 0) for number in range(3)]
    shares = [group["figures"]["acceptance"] for group in usage["languages"]]
    assert widths[0] / widths[1] == pytest.approx(shares[0] / shares[1], rel=1e-3)
    page.screenshot(path=tmp_path / "admin.png", full_page=True)
    assert (tmp_path / "admin.png").stat().st_size > 10_000


def test_fewer_days(page: Page, address: str) -> None:
    page.goto(f"{address}/admin")
    expect(page.locator("#days-plot circle")).to_have_count(13)
    page.select_option("#days", "7")
    expect(page.locator("#days-plot circle")).to_have_count(7)


def test_models_and_their_queues_are_shown_where_the_server_tells_of_them(page: Page, address: str) -> None:
    page.goto(f"{address}/admin")
    expect(page.locator("#served")).to_be_visible()
    expect(page.locator("#served-table")).to_contain_text("waiting interactive")


def test_what_the_server_does_not_have_is_left_out(page: Page, address: str) -> None:
    page.route("**/admin/v1/queue", lambda route: route.fulfill(status=404, json={"code": "not_found"}))
    page.goto(f"{address}/admin")
    expect(page.locator("#served")).to_be_visible()
    expect(page.locator("#queue")).to_be_hidden()


def test_a_canary_and_a_queue(page: Page, address: str) -> None:
    canary = {"language": "levy", "candidate": "levy-8b", "share": 0.1, "verdict": "undecided"}

    def models(route: Route) -> None:
        route.fulfill(json={"default": "levy-7b", "canaries": [canary]})

    page.route("**/admin/v1/models", models)
    page.route("**/admin/v1/queue", lambda route: route.fulfill(json={"levy-7b": {"waiting": 3}}))
    page.goto(f"{address}/admin")
    expect(page.locator("#served-table")).to_contain_text("levy-8b")
    expect(page.locator("#queue-table")).to_contain_text("levy-7b3")


def test_whoever_has_no_key_is_asked_for_one(page: Page, address: str) -> None:
    def guard(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer right":
            route.continue_()
        else:
            route.fulfill(status=401, json={"code": "unauthorized", "message": "a key is needed"})

    page.route("**/admin/v1/**", guard)
    page.goto(f"{address}/admin")
    expect(page.locator("#key")).to_be_visible()
    expect(page.locator("#shown")).to_be_hidden()
    page.fill("#secret", "wrong")
    page.click("#key button")
    expect(page.locator("#said")).to_have_text("this key may not")
    page.fill("#secret", "right")
    page.click("#key button")
    expect(page.locator("#shown")).to_be_visible()


def test_trouble_is_said(page: Page, address: str) -> None:
    problem = {"code": "telemetry_busy", "message": "the database is slow"}
    page.route("**/admin/v1/usage*", lambda route: route.fulfill(status=503, json=problem))
    page.goto(f"{address}/admin")
    expect(page.locator("#said")).to_have_text("could not be had: the database is slow")
