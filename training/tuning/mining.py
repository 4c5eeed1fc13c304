"""Pairs of documentation and function out of a corpus, as conversations: the fine-tuning arm of arXiv 2606.16827.

A function is taken if it has documentation: a comment right above it, or a docstring at its start. It is asked for in
the words in which evaluation asks (`evaluation/strategies/chat.py`): the first paragraph of the documentation, and
the code up to the body. Functions are found by the language's grammar where it is installed, else by layout, the
language file's definition keywords and comment marks.

Guarantees: what is taken depends on the settings and the corpus alone (and on which grammars are installed, unless
`grammar` is off); two functions with equal text give one pair; what is held out in the corpus stays held out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from completion.parsing import Parsing, SyntaxTree
from core.errors import ConfigError
from core.files import write_atomically
from core.language_files import LanguageRegistry
from core.languages import LanguageSpec
from evaluation.heldout.positions import HeldOutDocument
from evaluation.making.functions import Function, find_functions
from evaluation.making.holes import opens_definition
from evaluation.making.infill import PARSE_LIMIT_S
from evaluation.making.source_text import SourceText
from evaluation.models.base import Chat, Message
from evaluation.strategies.chat import Ask, solution
from evaluation.tasks import Scoring, Task
from training.json_lines import read_lines
from training.tuning.settings import PairSettings

_CLOSING = re.compile(r"\W*(?:end\w*|fi|done|esac|od)?\W*")
_NAMED = re.compile(r"[\w-]*\w")


def mine(corpus: Path, languages: LanguageRegistry, settings: PairSettings, output: Path) -> dict[str, int]:
    """Write `train.jsonl` and `heldout.jsonl` into `output`; returns counts by what was counted.

    `corpus` is a folder that `vernacular corpus build` wrote. Raises `ConfigError` where it holds no document of the
    languages, or no pair can be had; `UnknownNameError` for a language without a file.
    """
    counts: dict[str, int] = {}
    parsing = Parsing() if settings.grammar else None
    taken: set[str] = set()
    try:
        for part, limit in (("train", settings.max_pairs), ("heldout", settings.max_held_out)):
            pairs: dict[str, tuple[Task, LanguageSpec]] = {}
            for name in settings.languages:
                spec = languages.named(name)
                for document in _documents(corpus / f"{part}-{name}.jsonl", needed=part == "train"):
                    counts[f"{part}_documents"] = counts.get(f"{part}_documents", 0) + 1
                    for task in pairs_in(document, spec, settings, parsing):
                        key = _key(settings.seed, task)
                        if _text_key(task) not in taken:
                            taken.add(_text_key(task))
                            pairs[key] = (task, spec)
            chosen = [pairs[key] for key in sorted(pairs)][:limit]
            counts[f"{part}_found"], counts[part] = len(pairs), len(chosen)
            if part == "train" and not chosen:
                raise ConfigError(
                    f"{corpus}: no function in {', '.join(settings.languages)} has documentation of "
                    f"{settings.min_documentation_bytes} to {settings.max_documentation_bytes} bytes"
                )
            write_conversations(output / f"{part}.jsonl", (conversation(task, spec) for task, spec in chosen))
    finally:
        if parsing:
            parsing.close()
    return counts


def conversation(task: Task, language: LanguageSpec) -> list[Message]:
    """A solved task as the product asks it at evaluation, with the answer that it should get."""
    asked = Ask().prompt(task, language)
    assert isinstance(asked, Chat)
    return [*asked.messages, Message("assistant", solution(task, language))]


def write_conversations(path: Path, conversations: Iterable[list[Message]]) -> None:
    """Write a file of conversations, whole or not at all. Raises `ConfigError` where it cannot be written."""
    lines = (
        json.dumps({"messages": [{"role": m.role, "content": m.text} for m in messages]}, ensure_ascii=False)
        for messages in conversations
    )
    try:
        write_atomically(path, "".join(f"{line}\n" for line in lines))
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be written ({(problem.strerror or 'error').lower()})") from None


def pairs_in(
    document: HeldOutDocument, spec: LanguageSpec, settings: PairSettings, parsing: Parsing | None
) -> Iterator[Task]:
    """The documented functions of a document as tasks, in its order."""
    tree = parsing.parse(spec, document.text, PARSE_LIMIT_S) if parsing else None
    source = SourceText(document.text, spec, tree if isinstance(tree, SyntaxTree) else None)
    for number, function in enumerate(find_functions(source), 1):
        told = documentation_of(function, spec)
        start, end = function.start, _end(source, function)
        size = len(document.text[start:end].encode()) - len("".join(function.documentation).encode())
        fits = settings.min_documentation_bytes <= len(told.encode()) <= settings.max_documentation_bytes
        if fits and settings.min_function_bytes <= size <= settings.max_function_bytes:
            context = _context(source, function, end, settings.context_bytes)
            head = context + document.text[start : source.lines[source.row_of(function.body.start)].start]
            yield Task(
                id=f"{document.package}/{document.path}:{function.name}:{number}",
                language=spec.name,
                scoring=Scoring.TESTS,
                statement=" ".join(told.split("\n\n")[0].split()),
                before=head,
                program_head=head,
                canonical=document.text[source.lines[source.row_of(function.body.start)].start : end].rstrip() + "\n",
                entry_point=function.name,
            )


def documentation_of(function: Function, spec: LanguageSpec) -> str:
    """What the documentation says, without the marks of comments and quotes; empty lines part paragraphs."""
    marks = {mark for pair in spec.block_comments for mark in (pair.open, pair.close)} | {*spec.line_comments}
    characters = re.escape("".join(sorted({character for mark in marks for character in mark} | set("|!*"))))
    quotes = "\"\"\"|'''"
    lines = []
    for line in function.documentation:
        text = re.sub(rf"^\s*(?:[rRuUfF]?(?:{quotes})|[{characters}]+(?=\s|\w|$))", "", line)
        text = re.sub(
            rf"(?:{quotes}|{'|'.join(map(re.escape, sorted(marks - {*spec.line_comments}))) or '(?!)'})\s*$", "", text
        )
        lines.append(text.strip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _end(source: SourceText, function: Function) -> int:
    """Behind the body, and behind the line that closes it, if there is one."""
    row = source.row_of(function.body.end - 1)
    below = next((line for line in source.lines[row + 1 :] if not line.blank), None)
    if below and below.indentation == 0 and _CLOSING.fullmatch(source.text, below.first, below.end):
        return below.end
    return function.body.end


def _context(source: SourceText, function: Function, end: int, most: int) -> str:
    """Definitions above the function that it names, in the file's order, each with a blank line behind."""
    if not most:
        return ""
    names = set(_NAMED.findall(source.text[function.start : end])) - {function.name}
    chosen: list[str] = []
    room = most
    for text, name in reversed(list(_definitions_above(source, function))):
        size = len(text.encode()) + 2
        if name in names and size <= room:
            chosen.insert(0, text + "\n\n")
            room -= size
    return "".join(chosen)


def _definitions_above(source: SourceText, function: Function) -> Iterator[tuple[str, str]]:
    """Top-level definitions before the function, without documentation, and their names."""
    keywords = set(source.spec.definition_keywords)
    last = source.row_of(function.start)
    tops = [row for row in range(last) if not source.lines[row].blank and source.lines[row].indentation == 0]
    for place, row in enumerate(tops):
        line = source.lines[row]
        if not source.has_code(line.first, line.end) or not opens_definition(source, row):
            continue
        following = tops[place + 1] if place + 1 < len(tops) else last
        below = source.lines[following]
        if _CLOSING.fullmatch(source.text, below.first, below.end) and following < last:
            following += 1
        words = _NAMED.findall(source.text[line.first : line.end])
        name = next((word for word in words if word not in keywords), "")
        yield source.text[line.start : source.lines[following - 1].end].rstrip(), name


def _documents(path: Path, needed: bool) -> Iterator[HeldOutDocument]:
    if not needed and not path.exists():
        return iter(())
    shape = f"{{{', '.join(HeldOutDocument.model_fields)}}}"
    return read_lines(path, HeldOutDocument, shape, "; a folder with a built corpus is needed")


def _text_key(task: Task) -> str:
    return hashlib.sha256(f"{task.before}\0{task.canonical}".encode()).hexdigest()


def _key(seed: int, task: Task) -> str:
    return hashlib.sha256(f"{seed}\0{task.id}\0{task.before}\0{task.canonical}".encode()).hexdigest()
