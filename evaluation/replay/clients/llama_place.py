"""What llama.vim sends of a place in a file, and what it shows of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.replay.buffer import Buffer


@dataclass(frozen=True, slots=True)
class Place:
    """Lines above with their line ends, the typed part of the line, the rest of it with the lines below."""

    above: str
    typed: str
    below: str
    right_of_cursor: int


def place_of(buffer: Buffer, n_prefix: int, n_suffix: int) -> Place:
    """The surroundings of the cursor. In a line of white space alone, nothing counts as typed."""
    *above, typed = buffer.before.split("\n")
    rest, *below = buffer.after.split("\n")
    right = len(rest)
    if not (typed + rest).strip():
        typed = rest = ""
    head = "\n".join(above[-n_prefix:]) + "\n"
    tail = f"{rest}\n{chr(10).join(below[:n_suffix])}\n"
    return Place(head, typed, tail, right)


def shown_text(answer: str, buffer: Buffer) -> str:
    """What is shown of an answer at the cursor: nothing where it repeats what stands below.

    Line ends at its end go; in a line of white space, as much leading white space goes as the line has.
    """
    lines = answer.rstrip("\n").split("\n")
    typed = buffer.before.rpartition("\n")[2]
    rest, *below = buffer.after.split("\n")
    if not (typed + rest).strip():
        lead = min(len(lines[0]) - len(lines[0].lstrip()), len(typed + rest))
        lines[0] = lines[0][lead:]
    if not "".join(lines).strip():
        return ""
    if lines[0] == "" and lines[1:] == below[: len(lines) - 1]:
        return ""
    if len(lines) == 1 and lines[0] == rest:
        return ""
    following = [line for number, line in enumerate(below) if line.strip() or number == len(below) - 1]
    start = below.index(following[0]) if following else 0
    if following and typed + lines[0] == following[0]:
        next_lines = below[start + 1 : start + len(lines)]
        if len(lines) == 1 or (len(lines) == 2 and next_lines and next_lines[0].startswith(lines[1])):
            return ""
        if len(lines) > 2 and lines[1:] == next_lines:
            return ""
    return "\n".join(lines)
