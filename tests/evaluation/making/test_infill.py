"""Holes cut out of real files: they put together again, depend on nothing else, and are code."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completion.parsing import Parsing, SyntaxTree
from core.language_files import load_languages
from evaluation.making.files import SourceFile, find_files
from evaluation.making.holes import MIN_SOLID, Kind, find_holes
from evaluation.making.infill import InfillSettings, cut_tasks
from evaluation.making.source_text import SourceText
from evaluation.tasks import Scoring, Task

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = load_languages()
PARSING = Parsing()
ALL = InfillSettings(count=100_000, per_file=1000)

LUA = """-- Stock of a shop, with a reorder level.
local Stock = {}

--- How many have to be ordered.
function Stock.reorder(level, count)
  -- The level is what must never be gone below.
  if count < level then
    local missing = level - count
    return missing * 2, "ordered"
  end
  return 0, "nothing to do: -- no comment"
end

local function total(items)
  local sum = 0
  for _, item in ipairs(items) do
    sum = sum + item.count
    sum = sum + item.ordered
  end
  return sum
end

return Stock
"""

PROLOG = """% Members and lengths.
:- module(list_tools, [count_all/2]).

/* How often it is there,
   counted from the end. */
count_all([], 0).
count_all([Head|Tail], Count) :-
    count_all(Tail, Rest),
    count_of(Head, Number),
    Count is Rest + Number.

count_of(Name, Number) :-
    atom_length(Name, Number).
"""

RACKET = """#lang racket
; Shapes and areas.
(define (area shape)
  (match shape
    [(list 'circle radius)
     (* pi radius radius)]
    [(list 'square side)
     (* side side)]))

(define (grown shape by)
  (define larger (+ by 1))
  (map (lambda (part) (if (number? part) (* larger part) part))
       shape))
"""


def source(text: str, language: str, path: str = "shop/file", grammar: bool = True) -> SourceFile:
    spec = LANGUAGES.named(language)
    return SourceFile(spec if grammar else spec.model_copy(update={"grammar": None}), "shop", path, text)


def cut(*files: SourceFile, settings: InfillSettings = ALL) -> list[Task]:
    return cut_tasks(files, settings, PARSING).tasks


def holes(text: str, language: str, kind: Kind, grammar: bool = True) -> list[str]:
    """All that there are, overlapping ones as well."""
    spec = LANGUAGES.named(language)
    tree = PARSING.parse(spec, text) if grammar else None
    cut_up = SourceText(text, spec, tree if isinstance(tree, SyntaxTree) else None)
    return [text[hole.start : hole.end] for hole in find_holes(cut_up, kind, random.Random(1))]


def real_files() -> list[SourceFile]:
    found = find_files([ROOT / "completion", ROOT / "tests" / "end_to_end" / "files" / "queue.mbt"], LANGUAGES)
    made = [source(LUA, "lua"), source(PROLOG, "prolog", "lists.pl"), source(RACKET, "racket", "shapes.rkt")]
    return [
        file for file in found.files if "\nfrom " in file.text or file.spec.name != "python"
    ] + made  # not prose alone


FILES = real_files()


@pytest.mark.parametrize("grammar", [True, False])
def test_the_parts_are_the_file(grammar: bool) -> None:
    files = FILES if grammar else [source(file.text, file.spec.name, file.name, grammar=False) for file in FILES]
    texts = {(file.repository, file.path): file.text for file in files}
    tasks = cut(*files)
    for task in tasks:
        assert task.canonical is not None
        assert task.before + task.canonical + task.after == texts[task.repository, task.path]
        assert task.scoring is Scoring.MATCH
        assert len("".join(task.canonical.split())) >= MIN_SOLID
        assert task.lines in (0, 1)
        assert task.lines == 0 or "\n" not in task.canonical
        assert task.id == f"{task.repository}/{task.path}".lstrip("/") + (
            f":{task.before.count(chr(10)) + 1}:{task.labels['kind']}"
        )
    assert len({task.id for task in tasks}) == len(tasks)
    for language in ("python", "moonbit", "lua", "prolog", "racket"):
        kinds = Counter(task.labels["kind"] for task in tasks if task.language == language)
        assert set(kinds) == set(Kind), language


@pytest.mark.parametrize("grammar", [True, False])
def test_the_holes_of_a_small_file(grammar: bool) -> None:
    functions = holes(LUA, "lua", Kind.FUNCTION, grammar)
    assert [hole.split("\n")[0] for hole in functions] == ["if count < level then", "local sum = 0"]
    blocks = holes(LUA, "lua", Kind.BLOCK, grammar)
    assert "sum = sum + item.count\n    sum = sum + item.ordered" in blocks
    assert 'local missing = level - count\n    return missing * 2, "ordered"' in blocks
    assert "ipairs(items)" in holes(LUA, "lua", Kind.EXPRESSION, grammar)
    tokens = holes(LUA, "lua", Kind.TOKEN, grammar)
    assert {"missing", "count", "ipairs"} <= set(tokens)
    assert all(token.isidentifier() for token in tokens)


@pytest.mark.parametrize("grammar", [True, False])
@pytest.mark.parametrize(("text", "language"), [(LUA, "lua"), (RACKET, "racket"), (PROLOG, "prolog")])
def test_no_hole_is_comment_or_string_alone(text: str, language: str, grammar: bool) -> None:
    for task in cut(source(text, language, grammar=grammar)):
        assert task.canonical is not None
        for words in ("nothing to do", "no comment", "Stock of", "never be gone", "counted from", "Shapes and"):
            assert words not in task.canonical or "0, " in task.canonical
        assert task.labels["kind"] != Kind.TOKEN or task.canonical not in ("ordered", "reorder level", "How", "often")


def test_bodies_of_every_shape() -> None:
    python = '''import os


def described(path: str) -> str:
    """Say what it is.

    Not more.
    """
    if os.path.exists(path):
        kind = "file"
        return kind
    else:
        kind = "none"
        kind += "!"
    return kind
'''
    functions = holes(python, "python", Kind.FUNCTION)
    assert [hole.split("\n")[0] for hole in functions] == ["if os.path.exists(path):"]
    for grammar in (True, False):
        assert 'kind = "none"\n        kind += "!"' in holes(python, "python", Kind.BLOCK, grammar)
    unindented = "fn twice(x) {\nlet y = x + x\nlet z = y\nreturn z\n}\n"
    assert holes(unindented, "moonbit", Kind.FUNCTION, grammar=False) == ["let y = x + x\nlet z = y\nreturn z"]


def test_neither_order_nor_other_files_matter() -> None:
    few = InfillSettings(count=100_000, per_file=3)
    whole = {task.id: task for task in cut(*FILES, settings=few)}
    assert whole == {task.id: task for task in cut(*reversed(FILES), settings=few)}
    alone = cut(FILES[-1], settings=few)
    assert alone
    assert all(whole[task.id] == task for task in alone)
    assert cut(*FILES, settings=few) == cut(*random.Random(3).sample(FILES, len(FILES)), settings=few)
    other = {task.id for task in cut(*FILES, settings=dataclasses.replace(few, seed=2))}
    assert other != set(whole)


def test_kinds_and_files_are_asked_in_turn() -> None:
    tasks = cut(*FILES, settings=InfillSettings(count=5 * len(FILES)))
    assert set(Counter(task.labels["kind"] for task in tasks).values()) == {len(FILES)}
    tokens = [task.path for task in tasks if task.labels["kind"] == Kind.TOKEN]
    assert sorted(tokens) == sorted(file.path for file in FILES)
    [only] = [cut(source(LUA, "lua"), settings=InfillSettings(kinds=(Kind.LINE,), count=2))]
    assert [task.labels["kind"] for task in only] == ["line", "line"]
    assert len(cut(source(LUA, "lua"), settings=InfillSettings(per_file=1))) == len(Kind)


def test_holes_of_one_kind_do_not_overlap() -> None:
    spans: dict[tuple[str, str], list[range]] = {}
    for task in cut(*FILES):
        assert task.canonical is not None
        span = range(len(task.before), len(task.before) + len(task.canonical))
        taken = spans.setdefault((task.path, task.labels["kind"]), [])
        assert all(span.stop <= other.start or other.stop <= span.start for other in taken)
        taken.append(span)


@pytest.mark.parametrize("grammar", [True, False])
def test_other_line_ends_tabs_and_letters(grammar: bool) -> None:
    """CRLF, tabs, a byte order mark and letters of several bytes change no hole but in these."""
    strange = "\ufeff" + LUA.replace("  ", "\t").replace("Stock", "Größe").replace("\n", "\r\n")
    for task in cut(source(strange, "lua", grammar=grammar)):
        assert task.canonical is not None
        assert task.before + task.canonical + task.after == strange
        assert task.canonical == task.canonical.strip()
    for kind in (Kind.TOKEN, Kind.EXPRESSION, Kind.BLOCK, Kind.FUNCTION):
        plain = holes(LUA, "lua", kind, grammar)
        expected = [hole.replace("  ", "\t").replace("Stock", "Größe").replace("\n", "\r\n") for hole in plain]
        assert holes(strange, "lua", kind, grammar) == expected


ANY_TEXT = st.text(alphabet="ab\n\r\t (){}\"'-#;:.=é\U0001f600", max_size=80)


@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT, language=st.sampled_from(["lua", "python", "racket", "text", "moonbit"]))
def test_any_text_is_cut_or_left(text: str, language: str) -> None:
    spec = LANGUAGES.named(language)
    tree = PARSING.parse(spec, text)
    for kind in Kind:
        for source_text in (
            SourceText(text, spec),
            SourceText(text, spec, tree if isinstance(tree, SyntaxTree) else None),
        ):
            for hole in find_holes(source_text, kind, random.Random(1)):
                assert 0 <= hole.start < hole.end <= len(text)


def test_what_is_left_out_and_why(tmp_path: Path) -> None:
    folder = tmp_path / "company"
    (folder / ".hidden").mkdir(parents=True)
    files = {
        "good.lua": LUA.encode(),
        "copy.lua": LUA.encode(),
        "tiny.lua": b"return 1\n",
        "packed.lua": LUA.encode() + b"x = " + b"1 + " * 400 + b"1\n",
        "latin.lua": LUA.encode() + b"-- \xe9t\xe9\n",
        "made.lua": b"-- Code generated by a tool. DO NOT EDIT.\n" + LUA.encode(),
        "notes.unknown": b"text\n" * 9,
        ".hidden/secret.lua": LUA.encode() + b"\n",
        ".dot.lua": LUA.encode() + b"\n\n",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "link.lua").symlink_to(folder / "good.lua")
    found = find_files([folder], LANGUAGES)
    assert [file.name for file in found.files] == ["company/copy.lua"]
    assert found.skipped == {
        "the same as another file": 1,
        "shorter than 5 lines": 1,
        "minified: a line has more than 1000 characters": 1,
        "not UTF-8": 1,
        "generated, as it says itself": 1,
        "of no language that is known": 1,
    }


def test_held_out_documents_and_files_of_one_language(tmp_path: Path) -> None:
    lines = [
        {"language": "lua", "package": "a", "path": "x.lua", "text": LUA},
        {"language": "prolog", "package": "b", "path": "x.lua", "text": PROLOG},
    ]
    jsonl = tmp_path / "heldout.jsonl"
    jsonl.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [file.name for file in find_files([jsonl], LANGUAGES).files] == ["a/x.lua", "b/x.lua"]
    assert [file.name for file in find_files([jsonl], LANGUAGES, "prolog").files] == ["b/x.lua"]
    strange = tmp_path / "rules.in-house"
    strange.write_text(PROLOG, encoding="utf-8")
    assert [file.spec.name for file in find_files([strange], LANGUAGES, "prolog").files] == ["prolog"]
