"""After a documented head with an empty body: is it better to fill in the middle, or to ask as an instruction?

Documented functions of held-out files, the whole body taken out. Filled in: the cursor on the body's first line, with
everything before and after, as an editor asks. Asked: the documentation and the head in the words in which the model
was tuned (`evaluation/strategies/chat.py`), its code cleaned up at the same cursor. Both greedy, in the same engine,
with the same bound on tokens. Compared are the edit similarity to the body that was there and the first line, in
pairs; intervals over functions.

    python -m benchmarks.after_comment MODEL HELDOUT.jsonl... [--functions 150]

The server answers such places by filling in, unless this says otherwise for its model.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import publish
from completion.cleanup import Place, clean
from completion.parsing import Parsing
from core.errors import RequestError, VernacularError
from core.language_files import LanguageRegistry, load_languages
from core.languages import LanguageSpec
from evaluation.heldout.positions import HeldOutDocument, read_heldout
from evaluation.models.base import Drawing, Infill, Model
from evaluation.models.local import LocalModel
from evaluation.running.extraction import code_in
from evaluation.scoring.scores import edit_similarity, exact_match
from evaluation.scoring.statistics import bootstrap_mean, mcnemar
from evaluation.strategies.chat import Ask
from evaluation.tasks import Task
from training.tuning.mining import pairs_in
from training.tuning.settings import PairSettings

LANGUAGES = (Path("examples/levy/languages"),)
TOKENS = 192
_LONGEST_BODY = 600
"""In characters: what a proposal may be expected to hold."""


@dataclass(frozen=True, slots=True)
class Position:
    """A documented function whose body is taken out: `before` ends with the body's indentation."""

    task: Task
    language: LanguageSpec
    path: str
    before: str
    body: str
    after: str


@dataclass(frozen=True, slots=True)
class Score:
    """What one way of asking gave at a place."""

    similarity: float
    first_line: bool


def main() -> None:
    """Measure, print, write `results/after_comment.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a model folder with a chat template")
    parser.add_argument("heldout", type=Path, nargs="+", help="JSONL of held-out documents")
    parser.add_argument("--functions", type=int, default=150, help="at most, of all files together")
    parser.add_argument("--seed", type=int, default=1, help="chooses the functions")
    arguments = parser.parse_args()
    try:
        found = list(positions(arguments.heldout, load_languages(LANGUAGES)))
        random.Random(arguments.seed).shuffle(found)
        chosen = found[: arguments.functions]
        if not chosen:
            sys.exit("error: the files hold no documented function")
        scores = asyncio.run(_measured(arguments.model, chosen))
    except VernacularError as error:
        sys.exit(f"error: {error}")
    columns = ["", "functions", "edit similarity", "first line right"]
    publish(
        "after_comment",
        f"{arguments.model.name}: documented functions of held-out files, {TOKENS} tokens each, seed {arguments.seed}",
        columns,
        [
            [name, str(len(each)), _mean([s.similarity for s in each]), _mean([float(s.first_line) for s in each])]
            for name, each in zip(("filled in", "asked as an instruction"), scores, strict=True)
        ],
        {"languages": {name: sum(p.language.name == name for p in chosen) for name in sorted(_names(chosen))}},
        [verdict(*scores)],
    )


def positions(files: Sequence[Path], languages: LanguageRegistry) -> Iterator[Position]:
    """The documented functions of the files that have a short body which can be found again."""
    parsing = Parsing()
    try:
        for file in files:
            for document in read_heldout(file):
                spec = languages.named(document.language)
                settings = PairSettings(languages=(spec.name,))
                for task in pairs_in(document, spec, settings, parsing):
                    if position := _position(document, spec, task):
                        yield position
    finally:
        parsing.close()


def _position(document: HeldOutDocument, spec: LanguageSpec, task: Task) -> Position | None:
    body = (task.canonical or "").rstrip()
    start = document.text.find(task.before + body)
    if start < 0 or not 0 < len(body) <= _LONGEST_BODY:
        return None
    indentation = len(body) - len(body.lstrip())
    cursor = start + len(task.before) + indentation
    end = start + len(task.before) + len(body)
    return Position(task, spec, document.path, document.text[:cursor], document.text[cursor:end], document.text[end:])


async def _measured(folder: Path, chosen: Sequence[Position]) -> tuple[list[Score], list[Score]]:
    model = LocalModel(str(folder))
    filled, asked = [], []
    try:
        await model.start(lambda said: print(said, flush=True))
        for number, position in enumerate(chosen, 1):
            filled.append(score(position, await _filled(model, position)))
            asked.append(score(position, await _asked(model, position)))
            if number % 10 == 0:
                print(f"{number} of {len(chosen)}", flush=True)
    finally:
        await model.close()
    return filled, asked


async def _filled(model: Model, position: Position) -> str:
    hole = Infill(language=position.language.name, path=position.path, prefix=position.before, suffix=position.after)
    return (await model.ask(hole, Drawing(TOKENS))).text


async def _asked(model: Model, position: Position) -> str:
    """What follows the head in the answer's code; nothing where the answer has no code, or the question no room."""
    try:
        reply = await model.ask(Ask().prompt(position.task, position.language), Drawing(TOKENS))
    except RequestError:
        return ""
    code = code_in(reply.text, position.task, position.language) or ""
    head = position.task.before.strip().splitlines()[-1].strip()
    above, found, below = code.partition(head)
    return (below if found else above).lstrip("\r\n").lstrip(" \t")


def score(position: Position, text: str) -> Score:
    """A text at its place, cleaned up as it would be for an editor."""
    shown = clean(text, Place.of(position.before, position.after, position.language.name))
    first = [lines.split("\n", 1)[0] for lines in (shown, position.body)]
    return Score(edit_similarity(shown, position.body), exact_match(*first))


def verdict(filled: Sequence[Score], asked: Sequence[Score]) -> str:
    """Which of the two is better at these places, in one line."""
    pairs = list(zip(filled, asked, strict=True))
    gain = bootstrap_mean([b.similarity - a.similarity for a, b in pairs], bounds=(-1.0, 1.0))
    won = sum(b.first_line and not a.first_line for a, b in pairs)
    lost = sum(a.first_line and not b.first_line for a, b in pairs)
    better = "better" if gain.low > 0 else "worse" if gain.high < 0 else "neither better nor worse"
    return (
        f"asked as an instruction: edit similarity {gain.estimate:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}), first"
        f" line won {won} and lost {lost} (p {mcnemar(won, lost).p_value:.3g}): {better}"
    )


def _mean(values: Sequence[float]) -> str:
    mean = bootstrap_mean(values)
    return f"{mean.estimate:.3f} ({mean.low:.3f} to {mean.high:.3f})"


def _names(chosen: Sequence[Position]) -> set[str]:
    return {position.language.name for position in chosen}


if __name__ == "__main__":
    main()
