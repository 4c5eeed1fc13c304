"""Values as lines of text, which a program in any language can read and print: the forms, and their description.

    whole number            its digits, on a line
    floating-point number   on a line; in the output rounded to a number of decimal places that the statement names
    text                    the line itself, without quotes; one with a line's end or a control character but a tab
                            cannot be encoded
    truth value             `true` or `false`, on a line
    list                    a line with the number of items, then the items
    tuple                   its items
    dictionary              a line with the number of entries, then key and value of each, by ascending keys
    none, or a value        a line `none`; or a line `some` and then the value

Of a known type, no two values have the same lines, and no value's lines begin with another's; floating-point numbers
that are rounded, and tuples in the place of lists, aside. Values of mixed types cannot be encoded.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence

from core.translation import Kind
from evaluation.translation.problem import Reason, UntranslatableError
from evaluation.translation.types import Type

_FORMS = {
    Kind.INTEGERS: "A whole number is a line with its digits.",
    Kind.STRINGS: "A text is a line of its own, without quotes; it may be empty.",
    Kind.BOOLEANS: "A truth value is a line `true` or `false`.",
    Kind.LISTS: "A list is a line with the number of its items, and then the items one after the other.",
    Kind.TUPLES: "A tuple is its items one after the other.",
    Kind.DICTIONARIES: (
        "A dictionary is a line with the number of its entries, and then the key and the value of each entry, "
        "in ascending order of the keys."
    ),
    Kind.OPTIONS: "A value that may be missing is a line `none`, or else a line `some` and then the value.",
    Kind.NONE: "No value is a line `none`.",
}
_FLOATS_IN = "A floating-point number is a line such as `2.5` or `1e-07`."
_FLOATS_OUT = "A floating-point number is printed with exactly {places} decimal places."
_ONE = {
    Kind.INTEGERS: "a whole number",
    Kind.FLOATS: "a floating-point number",
    Kind.STRINGS: "a text",
    Kind.BOOLEANS: "a truth value",
    Kind.NONE: "no value",
}
_MANY = {
    Kind.INTEGERS: "whole numbers",
    Kind.FLOATS: "floating-point numbers",
    Kind.STRINGS: "texts",
    Kind.BOOLEANS: "truth values",
    Kind.NONE: "missing values",
}


def encode(value: object, kind: Type, places: int | None = None) -> Iterator[str]:
    """The lines that a value is. `places`: how many decimal places are printed; none: as many as are needed."""
    match kind.kind, value:
        case ((Kind.OPTIONS | Kind.NONE), None):
            yield "none"
        case Kind.OPTIONS, _:
            yield "some"
            yield from encode(value, kind.items[0], places)
        case Kind.BOOLEANS, bool():
            yield "true" if value else "false"
        case Kind.INTEGERS, int():
            yield str(value)
        case Kind.FLOATS, int() | float():
            yield decimal(floating(value), places)
        case Kind.STRINGS, str():
            yield _line(value)
        case Kind.LISTS, list() | tuple():
            yield str(len(value))
            for item in value:
                yield from encode(item, kind.items[0], places)
        case Kind.TUPLES, tuple():
            for item, item_type in zip(value, kind.items, strict=True):
                yield from encode(item, item_type, places)
        case Kind.DICTIONARIES, dict():
            yield str(len(value))
            for key in _ascending(value):
                yield from encode(key, kind.items[0], places)
                yield from encode(value[key], kind.items[1], places)
        case _:
            raise UntranslatableError(Reason.VALUE, f"{value!r} as a value of the type {kind}")


def floating(value: float) -> float:
    """A number as a floating-point one. Raises `UntranslatableError` for a whole number that is too large for one."""
    try:
        return float(value)
    except OverflowError:
        raise UntranslatableError(Reason.VALUE, "a whole number too large for a floating-point number") from None


def decimal(value: float, places: int | None) -> str:
    """A floating-point number, rounded to `places` decimal places; none: in as many digits as it needs."""
    if not math.isfinite(value):
        raise UntranslatableError(Reason.VALUE, f"the number {value}")
    if places is None:
        return repr(value)
    text = f"{value:.{places}f}"
    return text if float(text) else f"{0:.{places}f}"  # no minus before a zero


def forms(inputs: Sequence[Type], result: Type, places: int) -> tuple[list[str], list[str]]:
    """A sentence for each form that the input has, and for each that the output has and the input has not."""
    read = [text for kind, text in _FORMS.items() if any(each.holds(kind) for each in inputs)]
    printed = [text for kind, text in _FORMS.items() if result.holds(kind) and text not in read]
    if any(each.holds(Kind.FLOATS) for each in inputs):
        read.append(_FLOATS_IN)
    if result.holds(Kind.FLOATS):
        printed.append(_FLOATS_OUT.replace("{places}", str(places)))
    return read, printed


def described(kind: Type, *, several: bool = False) -> str:
    """What a value of the type is called: `a list of whole numbers`; or what several of it are."""
    match kind.kind:
        case Kind.LISTS:
            return f"{'lists' if several else 'a list'} of {described(kind.items[0], several=True)}"
        case Kind.TUPLES:
            items = [described(item) for item in kind.items] or ["nothing"]
            return f"{'tuples' if several else 'a tuple'} of {listed(items)}"
        case Kind.DICTIONARIES:
            key, value = (described(item, several=True) for item in kind.items)
            return f"{'dictionaries' if several else 'a dictionary'} from {key} to {value}"
        case Kind.OPTIONS:
            return f"{described(kind.items[0], several=several)}, which may be missing"
    return (_MANY if several else _ONE)[kind.kind or Kind.INTEGERS]


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ascending(value: dict[object, object]) -> list[object]:
    try:
        return sorted(value)  # type: ignore[type-var]
    except TypeError:
        raise UntranslatableError(Reason.VALUE, "a dictionary whose keys have no order") from None


def _line(value: str) -> str:
    if value.splitlines() not in ([], [value]):
        raise UntranslatableError(Reason.VALUE, f"{value[:60]!r}, a text of several lines")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value.replace("\t", "")):
        raise UntranslatableError(Reason.VALUE, f"{value[:60]!r}, a text with a control character")
    return value
