"""What stands in a task and in an answer: parameters, lines, fenced blocks, tags."""

from __future__ import annotations

import re

from evaluation.tasks import Task

_BLOCK = re.compile(r"```(?P<tag>[^\n`]*)\n(?P<code>.*?)\n?```", re.DOTALL)


def parameters_of(task: Task) -> list[str]:
    """The names of the function's parameters, as the code given writes them."""
    found = re.search(rf"(?<![\w-]){re.escape(task.entry_point)}\s*\(", task.before)
    if not found or not task.entry_point:
        return []
    depth, piece, pieces = 0, "", []
    for character in task.before[found.end() :]:
        if character in ")]}>" and depth == 0:
            break
        depth += (character in "([{<") - (character in ")]}>")
        if character == "," and depth == 0:
            pieces.append(piece)
            piece = ""
        else:
            piece += character
    names = [re.match(r"\s*(?:\*+|\.\.\.)?([\w-]+)", one) for one in [*pieces, piece]]
    return [name[1] for name in names if name]


def first_line(task: Task) -> str:
    """The first line of the code that is given."""
    return task.before.strip().split("\n")[0].rstrip()


def one_block(answer: str, tag: str | None = None) -> str | None:
    """The code of an answer that is one fenced block and nothing else."""
    found = _BLOCK.fullmatch(answer)
    if not found or "```" in found["code"] or (tag is not None and found["tag"].strip() != tag):
        return None
    return found["code"] if found["code"].strip() else None


def has_name(code: str, name: str) -> bool:
    """Whether the name stands there as a word; hyphens belong to words."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", code) is not None


def tagged(answer: str, tag: str) -> bool:
    """Whether an answer is text between `<tag>` and `</tag>`, without a fence."""
    inside = answer.removeprefix(f"<{tag}>").removesuffix(f"</{tag}>")
    return len(answer) - len(inside) == 2 * len(tag) + 5 and "```" not in inside and bool(inside.strip())
