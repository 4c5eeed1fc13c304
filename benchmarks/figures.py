"""Put the measured tables into the documentation, so that nothing there is typed by hand.

A region between `<!-- figures: NAME -->` and `<!-- end -->` is filled from `results/NAME.json`. `--check` writes
nothing and fails if a document is not what it would write.

    python -m benchmarks.figures [--check]
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from benchmarks.report import RESULTS

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "benchmarks" / "README.md")
_REGION = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """`text` with every region written anew. Raises `FileNotFoundError` for a benchmark that was never run."""
    return _REGION.sub(lambda found: found[1] + table(found[2]) + found[3], text)


def table(name: str) -> str:
    """One benchmark's table in Markdown, with the machine and the date below it."""
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    shown = result["table"]
    lines = [
        "| " + " | ".join(shown["columns"]) + " |",
        "| --- |" + " --- |" * (len(shown["columns"]) - 1),
        *("| " + " | ".join(row) + " |" for row in shown["rows"]),
        "",
        f"{shown['title']}. {_where(result['machine'])}",
        *result.get("verdicts", ()),
    ]
    return "\n".join(lines) + "\n"


def _where(machine: dict[str, Any]) -> str:
    memory, date = machine["memory_gib"], machine["date"][:10]
    return f"{machine['processor']}, {machine['cores']} cores, {memory} GiB, {date}, commit {machine['commit']}."


def main() -> None:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if something would change")
    check = parser.parse_args().check
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        if (new := filled(text)) == text:
            continue
        if check:
            raise SystemExit(f"error: {path.name} does not show benchmarks/results; run `python -m benchmarks.figures`")
        path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
