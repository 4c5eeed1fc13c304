"""Dashboard and rules against their tools, and against what a server really tells Prometheus."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.queries import DASHBOARD, DEPLOY, RULES, groups_of, matchers_of, metrics_of, rules
from tests.server.conftest import RunningServer

Tool = Callable[[str], str]
Start = Callable[..., AbstractAsyncContextManager[RunningServer]]
Told = dict[str, dict[str, set[str]]]
"""From a sample's name to its labels, and the values that each was seen with."""

SCRAPED = {"instance", "job"}
"""Labels that Prometheus adds."""
ROOT = DEPLOY.parent


@pytest.fixture
def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return loaded


def expressions(dashboard: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Title of a panel and one of its expressions."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


async def told_by(server: RunningServer, request: dict[str, Any]) -> Told:
    """What the server's `/metrics` has after a completion, and after an event of an editor."""
    (await server.client.post("/api/v1/complete", json=request)).raise_for_status()
    event = {"type": "view", "completion_id": "c", "choice_index": 0}
    (await server.client.post("/tabby/v1/events", json=event)).raise_for_status()
    told: Told = defaultdict(lambda: defaultdict(set))
    text = (await server.client.get("/metrics")).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = told[sample.name]  # a metric without labels is one too
            for label, value in sample.labels.items():
                labels[label].add(value)
    return told


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)


def test_promtool_takes_the_rules_and_the_config(tool: Tool) -> None:
    promtool = tool("promtool")
    for command in (
        (promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES),
        (promtool, "check", "config", "--syntax-only", DEPLOY / "prometheus" / "prometheus.yml"),
    ):
        done = run(*command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_when_they_should_and_not_before(tool: Tool) -> None:
    done = run(tool("promtool"), "test", "rules", *sorted((DEPLOY / "prometheus" / "tests").glob("*.test.yaml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_to_fire_and_says_what_to_do() -> None:
    tested = yaml.safe_load((DEPLOY / "prometheus" / "tests" / "alerts.test.yaml").read_text(encoding="utf-8"))
    fired = {
        case["alertname"] for test in tested["tests"] for case in test.get("alert_rule_test", ()) if case["exp_alerts"]
    }
    alerts = [rule for rule in rules() if "alert" in rule]
    assert {rule["alert"] for rule in alerts} == fired
    for rule in alerts:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        file, _, section = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
        assert section in {heading.lower().replace(" ", "-") for heading in headings}, rule["alert"]


def test_the_dashboard_is_what_grafana_reads(dashboard: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "dashboard.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(dashboard)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    names = {variable["name"] for variable in dashboard["templating"]["list"]}
    for title, expression in expressions(dashboard):
        used = set(re.findall(r"\$(?!__)(\w+)", expression))
        assert used <= names, title


def test_no_panel_stands_on_another(dashboard: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                assert other == panel["title"], f"{panel['title']} stands on {other}"


def test_promtool_reads_every_expression_of_the_dashboard(
    tool: Tool, dashboard: dict[str, Any], tmp_path: Path
) -> None:
    recorded = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$\w+", ".*", expression.replace("$__rate_interval", "5m"))}
        for number, (_, expression) in enumerate(expressions(dashboard))
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}), encoding="utf-8")
    done = run(tool("promtool"), "check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_every_metric_and_label_exists(
    start_server: Start, request_with: Callable[..., dict[str, Any]], dashboard: dict[str, Any]
) -> None:
    async with start_server() as server:
        told = await told_by(server, request_with())
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    variables = [
        ("variable", each["query"]["query"]) for each in dashboard["templating"]["list"] if each["type"] == "query"
    ]
    asked = [
        *variables,
        *expressions(dashboard),
        *((rule.get("record") or rule["alert"], rule["expr"]) for rule in rules()),
    ]
    assert len(asked) > 30
    for title, expression in asked:
        used = metrics_of(expression)
        assert used or "up{" in expression, title
        assert used <= told.keys() | recorded, title
        known = SCRAPED.union(*(told[name].keys() for name in used & told.keys()))
        for matcher in matchers_of(expression):
            if matcher.metric in told:
                assert matcher.label in told[matcher.metric].keys() | SCRAPED, f"{title}: {matcher}"
                if matcher.label not in {"outcome", "language", "model"}:  # the server has all values of the others
                    assert set(matcher.words) <= told[matcher.metric][matcher.label], f"{title}: {matcher}"
        if not used & recorded:
            assert groups_of(expression) <= known, title


def test_every_outcome_that_is_counted_apart_is_a_code_of_the_server(dashboard: dict[str, Any]) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "server").rglob("*.py"))
    said = set(re.findall(r'(?:(?:code|outcome)(?:: str)? ?= ?|\.end\()"([a-z_]+)"', sources + _core_errors()))
    said |= {"starting", "failed"}  # the engine's states, which are the codes of what it refuses meanwhile
    asked = [expression for _, expression in expressions(dashboard)] + [rule["expr"] for rule in rules()]
    outcomes = [matcher for each in asked for matcher in matchers_of(each) if matcher.label == "outcome"]
    assert {word for matcher in outcomes for word in matcher.words} - {"ok"} <= said


def _core_errors() -> str:
    return (ROOT / "core" / "errors.py").read_text(encoding="utf-8")
