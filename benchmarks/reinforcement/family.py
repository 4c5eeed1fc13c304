"""A synthetic family of list tasks for Lua, in input/output form: keep some numbers, change each, and sum them up.

A kind is a triple of the three steps; a task is a kind with its constants. Which part a kind belongs to is decided by
its name alone (rounds.py), so that a kind that is measured on was never seen with any constants.

    taught        with solutions, to make a model that solves some of them
    practised     what reinforcement and rejection sampling run
    development   held out, to choose settings on
    final         held out, looked at once
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Part = Literal["taught", "practised", "development", "final"]
_CASES = 6


@dataclass(frozen=True, slots=True)
class _Step:
    """One of three steps: in words, in Lua, and what it does; `{k}` stands for a constant."""

    words: str
    lua: str
    does: Callable[..., Any]


KEPT = {
    "all": _Step("", "", lambda x, k: True),
    "even": _Step("that are even", "x % 2 == 0", lambda x, k: x % 2 == 0),
    "odd": _Step("that are odd", "x % 2 == 1", lambda x, k: x % 2 == 1),
    "positive": _Step("that are positive", "x > 0", lambda x, k: x > 0),
    "negative": _Step("that are negative", "x < 0", lambda x, k: x < 0),
    "above": _Step("that are greater than {k}", "x > {k}", lambda x, k: x > k),
    "below": _Step("that are less than {k}", "x < {k}", lambda x, k: x < k),
    "multiple": _Step("that are divisible by {k}", "x % {k} == 0", lambda x, k: x % k == 0),
    "indivisible": _Step("that are not divisible by {k}", "x % {k} ~= 0", lambda x, k: x % k != 0),
    "other": _Step("that are not equal to {k}", "x ~= {k}", lambda x, k: x != k),
}
CHANGED = {
    "same": _Step("", "x", lambda x, k: x),
    "doubled": _Step("double each of them", "2 * x", lambda x, k: 2 * x),
    "squared": _Step("square each of them", "x * x", lambda x, k: x * x),
    "plus": _Step("add {k} to each of them", "x + {k}", lambda x, k: x + k),
    "minus": _Step("subtract {k} from each of them", "x - {k}", lambda x, k: x - k),
    "times": _Step("multiply each of them by {k}", "x * {k}", lambda x, k: x * k),
    "negated": _Step("negate each of them", "-x", lambda x, k: -x),
    "absolute": _Step("take the absolute value of each", "math.abs(x)", lambda x, k: abs(x)),
    "remainder": _Step("take the remainder of each divided by {k}", "x % {k}", lambda x, k: x % k),
    "quotient": _Step("divide each by {k}, rounded down", "x // {k}", lambda x, k: x // k),
}
PRINTED = {
    "sum": _Step("their sum", "print(total)", lambda xs: [sum(xs)]),
    "product": _Step("their product", "print(total)", lambda xs: [_product(xs)]),
    "largest": _Step("the largest of them, or `none`", "print(best)", lambda xs: [max(xs, default="none")]),
    "smallest": _Step("the smallest of them, or `none`", "print(best)", lambda xs: [min(xs, default="none")]),
    "last": _Step("the last of them, or `none`", "print(best)", lambda xs: [xs[-1] if xs else "none"]),
    "count": _Step("how many different ones there are", "print(count)", lambda xs: [len(set(xs))]),
    "lines": _Step("each on a line of its own", "", lambda xs: xs),
    "reversed": _Step("each on a line of its own, the last one first", "", lambda xs: xs[::-1]),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One task of the family."""

    kept: str
    changed: str
    printed: str
    k: int
    m: int

    @property
    def kind(self) -> str:
        """Its triple."""
        return f"{self.kept}-{self.changed}-{self.printed}"

    @property
    def id(self) -> str:
        """Unique in the family."""
        return f"{self.kind}-{self.k}-{self.m}"

    @property
    def statement(self) -> str:
        """In words."""
        kept = KEPT[self.kept].words.format(k=self.k)
        changed = CHANGED[self.changed].words.format(k=self.m)
        taken = f"Read integers from one line and take those {kept}. " if kept else "Read integers from one line. "
        return f"{taken}{_sentence(changed)}Print {PRINTED[self.printed].words}."

    @property
    def lua(self) -> str:
        """A program that solves it."""
        test, value = KEPT[self.kept].lua.format(k=self.k), CHANGED[self.changed].lua.format(k=self.m)
        before, each, after = _LOOPS[self.printed]
        body = [line.format(value=value) for line in each]
        if test:
            body = [f"if {test} then", *(f"  {line}" for line in body), "end"]
        lines = [*before, 'for word in io.read("a"):gmatch("%S+") do', "  local x = tonumber(word)"]
        return "\n".join([*lines, *(f"  {line}" for line in body), "end", *after]) + "\n"

    def output(self, numbers: Sequence[int]) -> str:
        """What is printed for an input."""
        kept = [x for x in numbers if KEPT[self.kept].does(x, self.k)]
        changed = [CHANGED[self.changed].does(x, self.m) for x in kept]
        return "".join(f"{value}\n" for value in PRINTED[self.printed].does(changed))

    def line(self) -> dict[str, Any]:
        """The task as a line of a file in Agnostics' form, with its Lua program."""
        draw = random.Random(self.id)
        cases: dict[str, str] = {}
        while len(cases) < _CASES:
            numbers = [draw.randint(-20, 20) for _ in range(draw.randint(1, 9))]
            cases[" ".join(map(str, numbers)) + "\n"] = self.output(numbers)
        return {
            "question_id": self.id,
            "question_content": self.statement,
            "private_test_cases": [
                {"input": given, "output": wanted, "testtype": "stdin"} for given, wanted in cases.items()
            ],
            "canonical_solution": self.lua,
            "language": "lua",
        }


_LOOPS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "sum": (["local total = 0"], ["total = total + {value}"], ["print(total)"]),
    "product": (["local total = 1"], ["total = total * ({value})"], ["print(total)"]),
    "largest": (
        ["local best = nil"],
        ["local y = {value}", "if best == nil or y > best then best = y end"],
        ['print(best or "none")'],
    ),
    "smallest": (
        ["local best = nil"],
        ["local y = {value}", "if best == nil or y < best then best = y end"],
        ['print(best or "none")'],
    ),
    "last": (["local best = nil"], ["best = {value}"], ['print(best or "none")']),
    "count": (
        ["local seen = {}", "local count = 0"],
        ["local y = {value}", "if not seen[y] then count = count + 1 end", "seen[y] = true"],
        ["print(count)"],
    ),
    "lines": ([], ["print({value})"], []),
    "reversed": (
        ["local all = {}"],
        ["table.insert(all, {value})"],
        ["for i = #all, 1, -1 do", "  print(all[i])", "end"],
    ),
}


def problems(part: Part, percentiles: range, count: int, seed: int) -> list[Problem]:
    """`count` different problems of a part, of all its kinds in turn: those whose hash is among the percentiles."""
    draw = random.Random(f"{part}-{seed}")
    kinds = [kind for kind in _kinds() if _percentile("-".join(kind)) in percentiles]
    draw.shuffle(kinds)
    found: dict[str, Problem] = {}
    while len(found) < count:
        for kept, changed, printed in kinds:
            k = draw.randint(2, 9) if "{k}" in KEPT[kept].words else 0
            m = draw.randint(2, 9) if "{k}" in CHANGED[changed].words else 0
            problem = Problem(kept, changed, printed, k, m)
            found.setdefault(problem.id, problem)
            if len(found) == count:
                break
    return list(found.values())


def write(path: Path, chosen: Sequence[Problem]) -> None:
    """Write a file of tasks, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each.line()) + "\n" for each in chosen), encoding="utf-8")


def _kinds() -> Iterator[tuple[str, str, str]]:
    for kept in KEPT:
        for changed in CHANGED:
            for printed in PRINTED:
                yield kept, changed, printed


def _percentile(kind: str) -> int:
    return int.from_bytes(hashlib.sha256(kind.encode()).digest()[:4], "big") % 100


def _product(numbers: Sequence[int]) -> int:
    """As Lua's integers wrap around: 64 bits with a sign."""
    total = 1
    for number in numbers:
        total = (total * number + (1 << 63)) % (1 << 64) - (1 << 63)
    return total


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}. " if words else ""
