"""What a PromQL expression names: metrics, labels and label values. Enough for this repository's own expressions.

A metric is a word that begins with `vernacular_`, or a recorded name with colons; its selector, if any, stands behind
it in braces. Grouping labels are those of `by (...)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = (DEPLOY / "prometheus" / "recording.rules.yaml", DEPLOY / "prometheus" / "alerts.rules.yaml")
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "vernacular.json"

_SELECTOR = re.compile(r"\b((?:vernacular_|[a-z_]+:)[a-z0-9_:]+)\s*(\{[^}]*\})?")
_MATCHER = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|on|ignoring)\s*\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label operator "value"` of a metric."""

    metric: str
    label: str
    operator: str
    value: str

    @property
    def words(self) -> list[str]:
        """The alternatives of its value that are words, not patterns and not variables."""
        return [word for word in self.value.split("|") if re.fullmatch(r"[a-z_]+", word)]


def metrics_of(expression: str) -> set[str]:
    """The metrics, and the recorded names."""
    return {name for name, _ in _SELECTOR.findall(expression)}


def matchers_of(expression: str) -> Iterator[Matcher]:
    """What is asked of each metric's labels."""
    for metric, selector in _SELECTOR.findall(expression):
        for label, operator, value in _MATCHER.findall(selector):
            yield Matcher(metric, label, operator, value)


def groups_of(expression: str) -> set[str]:
    """Labels that are grouped by."""
    return {label.strip() for group in _GROUPING.findall(expression) for label in group.split(",")} - {""}


def rules() -> list[dict[str, Any]]:
    """All rules, recorded ones and alerts."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]
