"""The model, the work space's own lines, or both: whose proposal is shown at a place, and from which confidence on.

The model's answers are those of a report of `vernacular heldout` (single lines); the lines are asked at the same
positions, with the other held-out files of the document's package learned. A proposal is right where it agrees with
what the file has next for four characters, or to the line's end; the defaults of `completion/choosing.py` are the row
that it names.

    python -m benchmarks.choosing REPORT.json HELDOUT.jsonl...
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.report import publish
from completion.choosing import Option, Proposer, Thresholds, choose
from core.sequences import common_length
from evaluation.heldout.positions import read_heldout
from lsp.documents import Document, Place
from lsp.lines import Lines

RIGHT_CHARACTERS = 4
LIFTS = (0.0, 0.1, 0.2, 0.3)
THRESHOLDS = (0.0, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class Position:
    """What the file has next on its line, and what both propose there."""

    language: str
    target: str
    model: Option
    lines: Option


@dataclass(slots=True)
class Score:
    """Over all positions: proposals shown, right, wrong; characters of the right ones that agree."""

    shown: int = 0
    right: int = 0
    wrong: int = 0
    characters: int = 0


def main() -> None:
    """Measure, print, write `results/choosing.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="of `vernacular heldout`")
    parser.add_argument("heldout", type=Path, nargs="+", help="the files that it was made with")
    arguments = parser.parse_args()
    found = json.loads(arguments.report.read_text(encoding="utf-8"))
    positions = list(read(found["rows"], arguments.heldout))
    if not positions:
        raise SystemExit(f"error: {arguments.report} has no single-line position of these files")
    plain = {"model alone": (Proposer.MODEL,), "lines alone": (Proposer.LINES,)}
    scores = {name: score(positions, Thresholds(0.0, 0.0, 0.0), who) for name, who in plain.items()}
    for lift, least in product(LIFTS, THRESHOLDS):
        scores[f"both, lines + {lift:g}, from {least:g} on"] = score(positions, Thresholds(lift, least, least))
    default = Thresholds()
    publish(
        "choosing",
        f"{len(positions)} positions of {found['model']}, seed {found['settings']['seed']}; right: four characters",
        ["", "shown", "right", "wrong", "characters right"],
        [[name, *(str(value) for value in asdict(each).values())] for name, each in scores.items()],
        {"scores": {name: asdict(each) for name, each in scores.items()}},
        [f"shown by default: both, lines + {default.lines_lift:g}, from {default.model:g} on"],
    )


def read(rows: Sequence[dict[str, Any]], files: Sequence[Path]) -> Iterator[Position]:
    """The report's positions, with the lines' proposals."""
    texts = {
        (document.language, document.package, document.path): document.text
        for file in files
        for document in read_heldout(file)
    }
    for row in rows:
        key = row["language"], row["package"], row["path"]
        if row["kind"] != "single-line" or not row["predictor"].startswith("model") or key not in texts:
            continue
        text, start = texts[key], row["start"]
        lines = Lines()
        for (language, package, path), other in texts.items():
            if (language, package) == key[:2] and path != key[2]:
                lines.learn(f"file:///{path}", other, language)
        document = Document.of(f"file:///{row['path']}", text[:start] + text[row["end"] :])
        place = Place(text.count("\n", 0, start), start - text.rfind("\n", 0, start) - 1)
        line = lines.propose(document, place, row["language"])
        model = Option(row["proposed"].partition("\n")[0], row["confidence"])
        yield Position(row["language"], row["target"], model, Option(line.text, line.confidence, Proposer.LINES))


def score(positions: Sequence[Position], thresholds: Thresholds, who: Sequence[Proposer] = tuple(Proposer)) -> Score:
    """What is shown at all positions, and what it is worth."""
    total = Score()
    for position in positions:
        options = [option for option in (position.model, position.lines) if option.proposer in who]
        choices = choose(options, thresholds=thresholds)
        if not choices:
            continue
        agreed = common_length(position.target, choices[0].option.text)
        total.shown += 1
        if agreed >= min(RIGHT_CHARACTERS, len(position.target)):
            total.right += 1
            total.characters += agreed
        else:
            total.wrong += 1
    return total


if __name__ == "__main__":
    main()
