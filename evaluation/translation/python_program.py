"""A Python solution of a function as a program that reads the arguments and prints the result (`textual.py`).

    def main():
        import sys

        lines = iter(sys.stdin.read().split("\\n"))
        result = list(above([int(next(lines)) for _ in range(int(next(lines)))], int(next(lines))))
        print(len(result), *result, sep="\\n")

Reading and printing are written out for the task's own types. A value of several lengths of tuple is read as a tuple
where all of its values in the checks are one, though its type is that of a list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.translation import Kind
from evaluation.translation.problem import Problem
from evaluation.translation.types import Type

_PLAIN = {
    Kind.INTEGERS: "int(next({lines}))",
    Kind.FLOATS: "float(next({lines}))",
    Kind.STRINGS: "next({lines})",
    Kind.BOOLEANS: '(next({lines}) == "true")',
    Kind.NONE: '(None if next({lines}) == "none" else None)',
}


def python_program(problem: Problem, solution: str, places: int) -> str:
    """The program; `solution` defines the problem's function. `places`: decimal places that are printed."""
    main, lines, result = (_unused(name, solution) for name in ("main", "lines", "result"))
    arguments = ", ".join(
        reading(parameter.type, [check.arguments[place] for check in problem.checks], lines)
        for place, parameter in enumerate(problem.parameters)
    )
    printed = printing(problem.result, result, places)
    separator = ', sep="\\n"' if printed[1:] or "".join(printed).startswith("*") else ""
    call = f"{problem.name}({arguments})"
    return (
        f"{solution.strip()}\n\n\n"
        f"def {main}():\n"
        "    import sys\n\n"
        f'    {lines} = iter(sys.stdin.read().split("\\n"))\n'
        f"    {result} = {f'list({call})' if problem.result.kind is Kind.LISTS else call}\n"
        f"    print({', '.join(printed)}{separator})\n\n\n"
        f"{main}()\n"
    )


def reading(kind: Type, values: Sequence[object], lines: str) -> str:
    """An expression that takes a value from the iterator `lines`; `values` are those that are read."""
    match kind.kind:
        case Kind.LISTS:
            rows = [value for value in values if isinstance(value, list | tuple)]
            item = reading(kind.items[0], [item for row in rows for item in row], lines)
            each = f"{item} for _ in range(int(next({lines})))"
            return f"tuple([{each}])" if rows and all(isinstance(row, tuple) for row in rows) else f"[{each}]"
        case Kind.TUPLES:
            rows = [value for value in values if isinstance(value, tuple)]
            items = [reading(item, [row[place] for row in rows], lines) for place, item in enumerate(kind.items)]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        case Kind.DICTIONARIES:
            maps = [value for value in values if isinstance(value, dict)]
            key = reading(kind.items[0], [key for each in maps for key in each], lines)
            value = reading(kind.items[1], [value for each in maps for value in each.values()], lines)
            return f"{{{key}: {value} for _ in range(int(next({lines})))}}"
        case Kind.OPTIONS:
            held = reading(kind.items[0], [value for value in values if value is not None], lines)
            return f'({held} if next({lines}) == "some" else None)'
    return _PLAIN[kind.kind or Kind.INTEGERS].replace("{lines}", lines)


def printing(kind: Type, value: str, places: int, depth: int = 1) -> list[str]:
    """Arguments of `print` that print the value of the expression `value`, each on a line of its own."""
    match kind.kind:
        case Kind.LISTS:
            item = f"item{depth}"
            held = printing(kind.items[0], item, places, depth + 1)
            rows = (
                f"*{value}"
                if held == [item]
                else f"*({_joined(held, depth)} for {item} in {value}{_each(held, depth)})"
            )
            return [f"len({value})", rows]
        case Kind.TUPLES:
            return [
                part
                for place, item in enumerate(kind.items)
                for part in printing(item, f"{value}[{place}]", places, depth)
            ]
        case Kind.DICTIONARIES:
            key = f"key{depth}"
            held = printing(kind.items[0], key, places, depth + 1)
            held += printing(kind.items[1], f"{value}[{key}]", places, depth + 1)
            return [f"len({value})", f"*({_joined(held, depth)} for {key} in sorted({value}){_each(held, depth)})"]
        case Kind.OPTIONS:
            held = printing(kind.items[0], value, places, depth)
            return [f'*(["none"] if {value} is None else ["some", {", ".join(held)}])']
        case Kind.BOOLEANS:
            return [f'"true" if {value} else "false"']
        case Kind.FLOATS:
            return [f'f"{{round({value}, {places}) + 0.0:.{places}f}}"']  # the sum has no minus before a zero
        case Kind.NONE:
            return [f'"none" if {value} is None else {value}']
    return [value]


def _joined(parts: Sequence[str], depth: int) -> str:
    return parts[0] if len(parts) == 1 and not parts[0].startswith("*") else f"line{depth}"


def _each(parts: Sequence[str], depth: int) -> str:
    if _joined(parts, depth) != f"line{depth}":
        return ""
    return f" for line{depth} in ({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _unused(name: str, code: str) -> str:
    while re.search(rf"\b{name}\b", code):
        name += "_"
    return name
