"""Make up word problems in GSM8K's field names, and replies to some of them in Prolog and Common Lisp.

    python generate.py --count 400 --seed 1 --output generated/

problems.jsonl, held-out.jsonl     {"question", "answer"}, to be practised and to be measured on
taught-LANGUAGE.jsonl              {"messages"}: problems of their own, with replies in reasoning, code and query
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.language_files import load_languages
from evaluation.models.base import Chat
from evaluation.strategies.reasoning_query import ReasoningQuery
from evaluation.tasks import Case, Scoring, Task

HERE = Path(__file__).resolve().parent
NAMES = ("Anna", "Ben", "Chidi", "Dana", "Emre", "Fatima", "Goran", "Hana")
THINGS = ("eggs", "apples", "pens", "coins", "tiles", "cards", "seeds", "bottles")


@dataclass(frozen=True, slots=True)
class Sum:
    """Two numbers or sums, and what is done with them."""

    sign: str
    left: Sum | int
    right: Sum | int

    def infix(self) -> str:
        """As people and Prolog write it."""
        parts = [each.infix() if isinstance(each, Sum) else str(each) for each in (self.left, self.right)]
        if isinstance(self.left, Sum) and self.sign == "*":
            parts[0] = f"({parts[0]})"
        return f"{parts[0]} {self.sign} {parts[1]}"

    def prefix(self) -> str:
        """As Lisp writes it."""
        parts = [each.prefix() if isinstance(each, Sum) else str(each) for each in (self.left, self.right)]
        return f"({self.sign} {' '.join(parts)})"

    def value(self) -> int:
        """What comes out."""
        left, right = (each.value() if isinstance(each, Sum) else each for each in (self.left, self.right))
        return {"+": left + right, "-": left - right, "*": left * right}[self.sign]


Made = tuple[str, Sum]
Kind = Callable[[str, str, int, int, int], Made]


def _boxes(name: str, thing: str, a: int, b: int, c: int) -> Made:
    text = f"{name} has {a} boxes with {b} {thing} each and gives {c} {thing} away. How many {thing} are left?"
    return text, Sum("-", Sum("*", a, b), c)


def _days(name: str, thing: str, a: int, b: int, c: int) -> Made:
    text = f"{name} finds {b} {thing} on each of {a} days, and {c} more on the last day. How many {thing} is that?"
    return text, Sum("+", Sum("*", a, b), c)


def _bus(name: str, thing: str, a: int, b: int, c: int) -> Made:
    text = f"{name} puts {a + b} {thing} on a table. {b} fall down, and {c} are put there. How many {thing} lie there?"
    return text, Sum("+", Sum("-", a + b, b), c)


def _change(name: str, thing: str, a: int, b: int, c: int) -> Made:
    text = f"{name} buys {a} {thing} for {b} euros each and pays with {a * b + c} euros. How much change is due?"
    return text, Sum("-", a * b + c, Sum("*", a, b))


def _bags(name: str, thing: str, a: int, b: int, c: int) -> Made:
    text = f"{name} fills {a} bags, each with {b} red and {c} blue {thing}. How many {thing} are in the bags?"
    return text, Sum("*", Sum("+", b, c), a)


KINDS: tuple[Kind, ...] = (_boxes, _days, _bus, _change, _bags)
REPLIES: dict[str, Callable[[Sum], tuple[str, str]]] = {
    "prolog": lambda each: (f"answer(X) :- X is {each.infix()}.", "answer(X)"),
    "commonlisp": lambda each: (f"(defun answer () {each.prefix()})", "(answer)"),
}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="make up word problems")
    parser.add_argument("--count", type=int, default=400, help="how many problems are practised; as many are taught")
    parser.add_argument("--held-out", type=int, default=100, help="how many are measured on")
    parser.add_argument("--seed", type=int, default=1, help="chooses them")
    parser.add_argument("--output", type=Path, default=HERE / "generated", help="a folder")
    given = parser.parse_args()
    made = problems(given.seed)
    practised, held_out, taught = (
        [next(made) for _ in range(count)] for count in (given.count, given.held_out, given.count)
    )
    given.output.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("problems", practised), ("held-out", held_out)):
        lines = [{"question": text, "answer": f"{each.infix()}\n#### {each.value():,}"} for text, each in chosen]
        write(given.output / f"{name}.jsonl", lines)
    for language in REPLIES:
        conversations = [{"messages": conversation(language, *each)} for each in taught]
        write(given.output / f"taught-{language}.jsonl", conversations)
    sys.stdout.write(f"{given.output}: {given.count} problems, {given.held_out} held out, {given.count} taught\n")


def problems(seed: int) -> Iterator[Made]:
    """Problems without end, none twice."""
    draw, seen = random.Random(seed), set[str]()  # noqa: S311 - not for secrets
    while True:
        kind, name, thing = draw.choice(KINDS), draw.choice(NAMES), draw.choice(THINGS)
        text, each = kind(name, thing, draw.randint(2, 9), draw.randint(2, 12), draw.randint(1, 9))
        if text not in seen and each.value() > 0:
            seen.add(text)
            yield text, each


def conversation(language: str, text: str, each: Sum) -> list[dict[str, str]]:
    """A problem as it will be asked, and a reply in the form that is asked for."""
    task = Task(
        id="taught",
        language=language,
        scoring=Scoring.OUTPUT,
        statement=text,
        cases=(Case(stdin="", expected=(str(each.value()),)),),
    )
    prompt = ReasoningQuery().prompt(task, load_languages(()).named(language))
    assert isinstance(prompt, Chat)
    code, query = REPLIES[language](each)
    reply = f"<reasoning>{each.infix()}</reasoning>\n<code>\n{code}\n</code>\n<query>{query}</query>"
    turns = [{"role": turn.role, "content": turn.text} for turn in prompt.messages]
    return [*turns, {"role": "assistant", "content": reply}]


def write(path: Path, lines: list[dict[str, str]] | list[dict[str, list[dict[str, str]]]]) -> None:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
