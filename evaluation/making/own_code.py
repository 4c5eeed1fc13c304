"""Functions with tests in a company's own code: what could become a task, not yet proved.

A function is taken if tests or examples name it. What is shown is its file without its tests; what runs is one
program of that file and those tests, put together as the language's file says (`core/own_tests.py`).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from completion.parsing import Parsing, SyntaxTree
from core.languages import LanguageSpec
from core.own_tests import OwnTests
from core.spec_parts import fill
from evaluation.making.files import SourceFile
from evaluation.making.functions import Function, find_functions
from evaluation.making.infill import PARSE_LIMIT_S
from evaluation.making.own_tests import (
    OwnTest,
    example_tests,
    find_blocks,
    find_examples,
    find_lines,
    mentions,
    without,
    written,
)
from evaluation.making.source_text import SourceText
from evaluation.tasks import Scoring, Task

MAX_TESTS = 8
"""Most tests of one task. Where not all pass together each is run alone, so this bounds the runs."""
MAX_SHOWN = 16 * 1024
"""Most characters that are shown before the body, and after it."""
_HOLE = "\0"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function with its tests. `text` is its file without what `left_out` and tests are."""

    id: str
    file: SourceFile
    text: str
    function: Function
    tests: tuple[OwnTest, ...]
    helpers: str

    def task(self, tests: Sequence[OwnTest]) -> Task:
        """The task with these of the tests."""
        hole, own = self.function.body, self.file.spec.tests or OwnTests()
        before, after = self.text[: hole.start], self.text[hole.end :]
        stem = PurePosixPath(self.file.path).with_suffix("").as_posix()
        arrangement = own.within if tests[0].within else own.beside
        program = fill(
            arrangement.program,
            file=f"{before}{_HOLE}{after}",
            tests="\n\n".join([self.helpers, *(test.program for test in tests)]).strip("\n"),
            stem=PurePosixPath(stem).name,
            path=stem,
        )
        head, _, tail = program.partition(_HOLE)
        return Task(
            id=self.id,
            language=self.file.spec.name,
            scoring=Scoring.TESTS,
            path=self.file.path,
            repository=self.file.repository,
            before=_nearest(before),
            after=after[:MAX_SHOWN].rpartition("\n")[0] if len(after) > MAX_SHOWN else after,
            program_head=head,
            program_tail=tail,
            canonical=self.text[hole.start : hole.end],
            entry_point=self.function.name,
            labels={"kind": "function", "tests": "beside" if not tests[0].within else "within"},
        )


def find_candidates(
    files: Sequence[SourceFile], parsing: Parsing, progress: Callable[[SourceFile], None] = lambda file: None
) -> list[Candidate]:
    """Functions that their file's own tests, their examples or tests beside the file name; not those of tests."""
    by_name = {file.name: file for file in files}
    found: list[Candidate] = []
    for file in files:
        progress(file)
        if not _is_test_file(file):
            found += _candidates(file, _test_file(file, by_name), parsing)
    return found


def in_random_order(candidates: Sequence[Candidate], seed: int) -> list[Candidate]:
    """By the seed and each one's own text, so that the choice of one depends on no other."""
    keys = {x.id: hashlib.sha256(f"{seed}\0{x.function.name}\0{x.text}".encode()).digest() for x in candidates}
    return sorted(candidates, key=lambda candidate: (keys[candidate.id], candidate.id))


def _candidates(file: SourceFile, test_file: SourceFile | None, parsing: Parsing) -> Iterator[Candidate]:
    own = file.spec.tests or OwnTests()
    source = _parsed(file, file.text, parsing)
    blocks = find_blocks(source, own)
    inner = [written(source, *block, number, within=True) for number, block in enumerate(blocks, 1)]
    numbers: Counter[str] = Counter()
    for within, arrangement in ((True, own.within), (False, own.beside)):
        left_out = [where for where, _, _ in blocks] + find_lines(source, arrangement.left_out)
        text = without(file.text, left_out)
        helpers, outer = ("", []) if within or test_file is None else _beside(test_file, own, parsing)
        for function in find_functions(_parsed(file, text, parsing)) if within or outer else ():
            tests = _naming(function.name, inner if within else outer)
            tests = [*(_examples(function, file.spec) if within else ()), *tests][:MAX_TESTS]
            if tests:
                numbers[function.name] += 1
                again = f":{numbers[function.name]}" if numbers[function.name] > 1 else ""
                identity = f"{file.name}:{function.name}{again}"
                yield Candidate(identity, file, text, function, tuple(tests), helpers)


def _is_test_file(file: SourceFile) -> bool:
    names = [PurePosixPath(pattern).name for pattern in _patterns(file)]
    return any(
        re.fullmatch(re.escape(fill(name, stem="\0")).replace("\0", ".+"), file.path.split("/")[-1]) for name in names
    )


def _test_file(file: SourceFile, by_name: dict[str, SourceFile]) -> SourceFile | None:
    """From the file's folder as the language says, else the only file of the repository that is called so."""
    folder, stem = PurePosixPath(file.name).parent, PurePosixPath(file.name).stem
    patterns = [fill(pattern, stem=stem) for pattern in _patterns(file)]
    for name in (_normal(folder / pattern) for pattern in patterns):
        if name in by_name and name != file.name:
            return by_name[name]
    called = {PurePosixPath(pattern).name for pattern in patterns}
    same = [x for x in by_name.values() if x.repository == file.repository and x.path.split("/")[-1] in called]
    return same[0] if len(same) == 1 else None


def _patterns(file: SourceFile) -> tuple[str, ...]:
    return file.spec.tests.files if file.spec.tests else ()


def _beside(test_file: SourceFile, own: OwnTests, parsing: Parsing) -> tuple[str, list[OwnTest]]:
    """What a test file holds besides tests, and its tests; all of it is one where no block is recognised."""
    source = _parsed(test_file, test_file.text, parsing)
    blocks = find_blocks(source, own)
    left_out = find_lines(source, own.beside.left_out_of_tests)
    if not blocks:
        whole = without(test_file.text, left_out)
        return "", [OwnTest(whole, whole, within=False)]
    helpers = without(test_file.text, [*left_out, *(where for where, _, _ in blocks)])
    return helpers, [written(source, *block, number, within=False) for number, block in enumerate(blocks, 1)]


def _examples(function: Function, spec: LanguageSpec) -> list[OwnTest]:
    """Those of its documentation that call it."""
    found = [example for example in find_examples(function.documentation) if mentions(function.name, example[0])]
    return example_tests(found, spec)


def _naming(name: str, tests: Sequence[OwnTest]) -> list[OwnTest]:
    return [test for test in tests if mentions(name, test.text)]


def _parsed(file: SourceFile, text: str, parsing: Parsing) -> SourceText:
    tree = parsing.parse(file.spec, text, PARSE_LIMIT_S)
    return SourceText(text, file.spec, tree if isinstance(tree, SyntaxTree) else None)


def _nearest(before: str) -> str:
    """The first lines (imports) and the last, where there are too many."""
    if len(before) <= MAX_SHOWN:
        return before
    return before[: MAX_SHOWN // 4].rpartition("\n")[0] + "\n" + before[-MAX_SHOWN * 3 // 4 :].partition("\n")[2]


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
