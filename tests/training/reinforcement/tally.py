"""Tally, a made-up language: a stack of numbers and a line of words. Its interpreter, for a language file in the tests.

    read    push the next number of standard input        dup     push the top once more
    add mul take two, push their sum, their product        print   take one, print it on a line
    17      push a number

Run as `tally.py FILE`; with `--check` only words are looked at.
"""

from __future__ import annotations

import sys
from pathlib import Path

WORDS = ("read", "dup", "add", "mul", "print")


def words_of(text: str) -> list[str]:
    """The words, without comments, which begin with `;`. Raises `ValueError` for one that is none."""
    words = [word for line in text.splitlines() for word in line.split(";")[0].split()]
    for number, word in enumerate(words, 1):
        if word not in WORDS and not word.lstrip("-").isdigit():
            raise ValueError(f"word {number}: unknown word {word}")
    return words


def run(words: list[str], numbers: list[int]) -> None:
    """Run to the end. Raises `IndexError` where the stack or the input is empty."""
    stack: list[int] = []
    for word in words:
        if word == "read":
            stack.append(numbers.pop(0))
        elif word == "dup":
            stack.append(stack[-1])
        elif word == "print":
            sys.stdout.write(f"{stack.pop()}\n")
        elif word in ("add", "mul"):
            right, left = stack.pop(), stack.pop()
            stack.append(left + right if word == "add" else left * right)
        else:
            stack.append(int(word))


def main() -> int:
    """Exit status 1 for a word that is none, 2 for a stack that is empty."""
    try:
        words = words_of(Path(sys.argv[-1]).read_text())
    except ValueError as problem:
        sys.stderr.write(f"tally: {problem}\n")
        return 1
    if "--check" in sys.argv:
        return 0
    try:
        run(words, [int(word) for word in sys.stdin.read().split()])
    except IndexError:
        sys.stderr.write("tally: nothing is left to take\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
