"""The code in an answer, and the program that it makes with its task: one rule for every strategy.

1. What a model thought before it answered (up to the last `</think>`) does not count.
2. The code is a fenced block (`completion/asking/fences.py`). Of several blocks the last that defines the task's
   function; where none does, the last. The name behind a fence does not matter: a model that has never seen a language
   calls it by other names.
3. An answer without a fence is code, all of it, if it defines the task's function, or, where the task names none, if
   its first word opens a definition or a comment in the language. Else it holds no code, and counts as such, not as a
   syntax error.
4. Code that defines the task's function takes the place of the prompt's own head of it; what the prompt has before that
   (imports, helpers, a `#lang` line) stays. Other code is taken for what goes into the hole.

"Defines": a line that is not indented has the function's name behind one of the language's definition keywords and
nothing but words and brackets; or it begins with the name, and an assignment or a type follows, or what follows the
name in the prompt's own head. Letters' case does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from completion.asking.fences import blocks
from core.languages import LanguageSpec
from evaluation.tasks import Task

_ASSIGNED = re.compile(r"(?:[ \t]+\w+)*[ \t]*(?:<-|=(?!=)|::|:-)")


def code_in(answer: str, task: Task, language: LanguageSpec) -> str | None:
    """The code of a conversational answer; `None` where it holds none."""
    said = answer.replace("\r\n", "\n").rpartition("</think>")[2]
    found = [block for block in blocks(said) if block.strip()]
    if found:
        defining = [block for block in found if _definitions(block, task, language)]
        return (defining or found)[-1]
    if not said.strip():
        return None
    if task.entry_point:
        return said if _definitions(said, task, language) else None
    first = said.split()[0]
    openers = (*language.definition_keywords, *language.line_comments, *(c.open for c in language.block_comments))
    return said if first in openers or first.startswith(tuple(language.line_comments) or ("\0",)) else None


def program_with(code: str, task: Task, language: LanguageSpec) -> str:
    """The program that is run: `code` in the task's hole, or in the place of the definition that the hole is in."""
    if not _definitions(code, task, language):
        return task.program(code)
    heads = _definitions(task.program_head, task, language)
    preamble = task.program_head[: heads[-1]] if heads else task.program_head
    return f"{preamble}{_without_first_line_of(preamble, code).rstrip()}\n{task.program_tail}"


def _definitions(text: str, task: Task, language: LanguageSpec) -> list[int]:
    """Offsets of the lines that define the task's function."""
    if not task.entry_point:
        return []
    follows = {after.lstrip()[:1] for _, before, after in _with_name(task.program_head, task.entry_point) if not before}
    keywords = {keyword.lower() for keyword in language.definition_keywords}
    if not keywords and not follows:
        follows = {"("}
    found = []
    for place, before, after in _with_name(text, task.entry_point):
        words = {word.lower() for word in re.findall(r"[\w-]+", before)}
        if words & keywords or (not before and (_ASSIGNED.match(after) or after.lstrip()[:1] in follows - {""})):
            found.append(place)
    return found


def _with_name(text: str, name: str) -> Iterator[tuple[int, str, str]]:
    """Lines that may define `name`: their offsets, and what stands before the name, words and brackets, and behind."""
    pattern = rf"^((?![ \t])[\w \t(-]*?)(?<![\w.-]){re.escape(name)}(?![\w?!'-])([^\n]*)$"
    for line in re.finditer(pattern, text, re.MULTILINE | re.IGNORECASE):
        if not line[1].startswith("--"):
            yield line.start(), line[1].strip(), line[2]


def _without_first_line_of(preamble: str, code: str) -> str:
    """`code` without a first line that can stand only once, where `preamble` begins with it: `#lang racket`."""
    first, _, rest = code.lstrip("\n").partition("\n")
    given = next((line.strip() for line in preamble.splitlines() if line.strip()), "")
    word = first.split(maxsplit=1)[:1]
    again = first.strip() == given or (word and word[0].startswith("#") and given.split(maxsplit=1)[:1] == word)
    return rest if again and given else code
