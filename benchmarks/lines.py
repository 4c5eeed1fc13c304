"""The workspace's own lines as a proposer: how often they are right, how sure they are of it, what they cost.

Positions are those of `vernacular heldout`: the rest of a line, the typed part given. Lines know the document and the
other held-out files of its workspace (its package; for a company's own language, which is one workspace, all of it).
Beside them, with the same knowledge: the back-off n-gram and the most similar earlier line of the file.

A line is exact, or right: exact, or right for its first ten characters or more. The confidence is fitted on
positions of one seed (`--fit` prints the coefficients of `completion/lines/proposing.py`) and judged on those of
another. Cost: key strokes in a Python document of 5,000 lines with 2,000 files of the standard library learned,
processor time of this process, with a request after each. Files of more than 12,000 bytes are left out.

    python -m benchmarks.lines HELDOUT.jsonl... [--positions 300] [--fit]
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.report import percentile, publish
from completion import ngram, similar_line
from completion.lexemes import lexemes
from completion.lines.proposing import Found
from core.language_files import load_languages
from core.languages import TEXT
from evaluation.heldout.positions import HeldOutDocument, InfillTask, Kind, read_heldout, sample_tasks
from lsp.documents import Document, Place
from lsp.lines import Lines

RIGHT_CHARACTERS = 10
FIT_SEED, JUDGE_SEED = 1, 2
AIM_MS, AIM_MIB = 5.0, 25.0
_MOST_BYTES = 12_000
_BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """One position, one proposer: its confidence, how many first characters were right, and what that is worth."""

    language: str
    proposer: str
    confidence: float
    proposed: bool
    exact: bool
    right: bool
    share: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of processor time for each key stroke, and resident mebibytes that were gained."""

    milliseconds: list[float]
    mebibytes: float
    files: int
    lines: int
    learning_s: float


def answered(task: InfillTask, proposer: str, text: str, confidence: float) -> Answer:
    """What a proposal is worth at a position."""
    target = task.target
    same = next((n for n, (a, b) in enumerate(zip(text, target, strict=False)) if a != b), min(len(text), len(target)))
    exact = text == target
    right = exact or same >= RIGHT_CHARACTERS
    return Answer(task.document.language, proposer, confidence, bool(text), exact, right, same / len(target))


def workspaces(documents: Sequence[HeldOutDocument]) -> dict[str, list[HeldOutDocument]]:
    """Documents by workspace: a package, or all of a language whose packages have one or two files."""
    sizes = Counter(document.package for document in documents)
    whole = len(sizes) * 3 > len(documents) or len(sizes) == 1
    found: dict[str, list[HeldOutDocument]] = {}
    for document in documents:
        found.setdefault("" if whole else document.package, []).append(document)
    return found


def asked(
    documents: Sequence[HeldOutDocument], tasks: Sequence[InfillTask]
) -> Iterator[tuple[InfillTask, Found | None, ngram.LexemeIndex]]:
    """Each position with what the lines find, and an index of the same workspace for the n-gram."""
    for workspace in workspaces(documents).values():
        names = {_name(document) for document in workspace}
        own = [task for task in tasks if _name(task.document) in names]
        if not own:
            continue
        lines = Lines()
        for document in workspace:
            lines.learn(_name(document), document.text, document.language)
        for name in sorted({_name(task.document) for task in own}):
            index = ngram.LexemeIndex()
            for document in workspace:
                if _name(document) != name:
                    index.learn(lexemes(document.text))
            for task in own:
                if _name(task.document) == name:
                    yield task, _found(lines, task), index
            lines.forget(name)
            document = next(document for document in workspace if _name(document) == name)
            lines.learn(name, document.text, document.language)


def fitted(founds: Sequence[Found], rights: Sequence[bool]) -> list[float]:
    """Intercept and weights of a logistic regression, by Newton's method with a ridge of 1."""
    features = np.array([[1.0, *found.features] for found in founds])
    target = np.array(rights, dtype=float)
    ridge = np.diag([0.0] + [1.0] * (features.shape[1] - 1))
    weights = np.zeros(features.shape[1])
    for _ in range(50):
        expected = 1.0 / (1.0 + np.exp(-features @ weights))
        gradient = features.T @ (target - expected) - ridge @ weights
        curvature = (features * (expected * (1.0 - expected))[:, None]).T @ features + ridge
        weights = weights + np.linalg.solve(curvature, gradient)
    return [round(float(weight), 2) for weight in weights]


def cost(keys: int, files: int, document_lines: int) -> Cost:
    """Type in a long document, ask after each key, and count."""
    paths = sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py"))
    rng = random.Random(JUDGE_SEED)
    rng.shuffle(paths)
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths if path.stat().st_size < _MOST_BYTES]
    files = min(files, len(texts) // 2)
    lines = Lines()
    source = [line for text in texts[files:] for line in text.splitlines(keepends=True)][:document_lines]
    document = Document.of("typed", "".join(source), "python")
    gc.collect()
    before_mebibytes = _resident_mebibytes()
    start_s = time.process_time()
    for number, text in enumerate(texts[:files]):
        lines.learn(str(number), text, "python")
    learning_s = time.process_time() - start_s
    lines.follow(document, "python")
    while lines.catch_up():
        pass
    gc.collect()
    mebibytes = _resident_mebibytes() - before_mebibytes
    milliseconds: list[float] = []
    while len(milliseconds) < keys:
        number = rng.randrange(len(document.lines) - 1)
        typed = document.line(number).strip()
        document = document.replaced(Place(number, 0), Place(number, 0), "\n")
        for column, character in enumerate(typed):
            place = Place(number, column)
            document = document.replaced(place, place, character)
            start_s = time.process_time()
            lines.propose(document, Place(number, column + 1), "python", most_lines=8)
            milliseconds.append((time.process_time() - start_s) * 1e3)
    return Cost(milliseconds, mebibytes, files, document_lines, learning_s)


def main() -> None:
    """Measure, print, write `results/lines.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heldout", nargs="+", type=Path, help="held-out JSONL files")
    parser.add_argument("--positions", type=int, default=300, help="for each language")
    parser.add_argument("--keys", type=int, default=1000, help="key strokes to time")
    parser.add_argument("--fit", action="store_true", help="only print the confidence's coefficients")
    arguments = parser.parse_args()
    registry = load_languages((), {})
    answers: list[Answer] = []
    founds: list[Found] = []
    rights: list[bool] = []
    for path in arguments.heldout:
        documents = read_heldout(path)
        language = documents[0].language
        spec = registry.named(language) if language in registry.names else TEXT
        seed = FIT_SEED if arguments.fit else JUDGE_SEED
        tasks = sample_tasks(documents, spec, Kind.SINGLE_LINE, arguments.positions, seed)
        for task, found, index in asked(documents, tasks):
            proposal = found.proposal if found else None
            text, confidence = (proposal.text, proposal.confidence) if proposal else ("", 0.0)
            answers.append(answered(task, "lines", text, confidence))
            if found and text:
                founds.append(found)
                rights.append(answers[-1].right)
            if not arguments.fit:
                for name, other in (
                    ("5-gram", ngram.propose(task.prefix, task.suffix, index)),
                    ("earlier line", similar_line.propose(task.prefix)),
                ):
                    answers.append(answered(task, name, other.text, other.confidence))
    if arguments.fit:
        print(f"{len(founds)} proposals, seed {FIT_SEED}:", *fitted(founds, rights))
        return
    _publish(answers, cost(arguments.keys, 2000, 5000))


def _publish(answers: Sequence[Answer], spent: Cost) -> None:
    rows = []
    for language in dict.fromkeys(answer.language for answer in answers):
        for proposer in ("lines", "5-gram", "earlier line"):
            own = [answer for answer in answers if (answer.language, answer.proposer) == (language, proposer)]
            shares = [_mean(own, pick) for pick in (_exact, _right, _proposed, _share)]
            rows.append([f"{language}: {proposer}", str(len(own)), *(f"{100 * share:.1f} %" for share in shares)])
    bands = []
    for low, high in pairwise(_BANDS):
        own = [a for a in answers if a.proposer == "lines" and a.proposed and low <= a.confidence < high]
        if own:
            said, right = _mean(own, _confidence), _mean(own, _right)
            bands.append({"from": low, "to": high, "positions": len(own), "said": said, "right": right})
    p50, p95 = (percentile(spent.milliseconds, share) for share in (0.5, 0.95))
    verdicts = [
        f"With {spent.files:,} files and {spent.lines:,} lines: {p50:.2f} ms median, {p95:.2f} ms p95.",
        f"Memory that the process gained: {spent.mebibytes:.1f} MiB. Aims: p95 {AIM_MS:g} ms, {AIM_MIB:g} MiB.",
        *(
            f"Confidence {band['from']:.1f} to {band['to']:.1f}: {band['positions']} proposals,"
            f" {100 * band['said']:.0f} % said, {100 * band['right']:.0f} % right."
            for band in bands
        ),
    ]
    publish(
        "lines",
        f"Rest of a line on held-out positions, seed {JUDGE_SEED}; right: exact, or {RIGHT_CHARACTERS} characters",
        ["", "positions", "exact", "right", "proposed", "characters"],
        rows,
        {"calibration": bands, "cost": asdict(spent), "answers": [asdict(answer) for answer in answers]},
        verdicts,
    )


def _found(lines: Lines, task: InfillTask) -> Found | None:
    document = Document.of(_name(task.document), task.prefix + task.suffix)
    before = task.prefix.split("\n")
    place = Place(len(before) - 1, len(before[-1]))
    lines.follow(document, task.document.language, place)
    while lines.catch_up():
        pass
    return lines.found(document, place, task.document.language)


def _resident_mebibytes() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


def _name(document: HeldOutDocument) -> str:
    return f"{document.package}/{document.path}"


def _mean(answers: Sequence[Answer], pick: Callable[[Answer], float]) -> float:
    return sum(map(pick, answers)) / len(answers)


def _exact(answer: Answer) -> float:
    return answer.exact


def _right(answer: Answer) -> float:
    return answer.right


def _proposed(answer: Answer) -> float:
    return answer.proposed


def _share(answer: Answer) -> float:
    return answer.share


def _confidence(answer: Answer) -> float:
    return answer.confidence


if __name__ == "__main__":
    main()
