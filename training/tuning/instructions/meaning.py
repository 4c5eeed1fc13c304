"""What a function gives, computed from its tree: printed code is proved against it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from training.tuning.instructions.functions import (
    Call,
    Expr,
    Flag,
    Function,
    Gather,
    Give,
    Let,
    Name,
    Num,
    Op,
    Refuse,
    Txt,
    Var,
    When,
)


class RefusedError(Exception):
    """The function refuses these arguments."""


def value_of(function: Function, arguments: Sequence[Any]) -> Any:
    """The result. Raises `RefusedError` with the message where the function refuses."""
    scope: dict[Name, Any] = {name: float(number.text) for name, number in function.constants}
    scope |= {name: argument for (name, _), argument in zip(function.parameters, arguments, strict=True)}
    helpers = {helper.name: helper for helper in function.helpers}
    for statement in function.body:
        match statement:
            case Let(name, value):
                scope[name] = _value(value, scope, helpers)
            case Gather():
                scope[statement.name] = _gathered(statement, scope, helpers)
            case When(condition, then) if _value(condition, scope, helpers):
                return _end(then, scope, helpers)
            case Give() | Refuse():
                return _end(statement, scope, helpers)
    raise AssertionError("a function ends with what it gives")


def _end(statement: Give | Refuse, scope: Mapping[Name, Any], helpers: Mapping[Name, Function]) -> Any:
    if isinstance(statement, Refuse):
        raise RefusedError(statement.message)
    return _value(statement.value, scope, helpers)


def _gathered(gather: Gather, scope: Mapping[Name, Any], helpers: Mapping[Name, Function]) -> Any:
    inner = [{**scope, gather.item: item} for item in scope[gather.items]]
    kept = [s for s in inner if gather.condition is None or _value(gather.condition, s, helpers)]
    values = [_value(gather.value, s, helpers) for s in kept]
    match gather.kind:
        case "sum":
            return sum(values)
        case "count":
            return len(values)
        case "largest":
            return max(values)
        case "smallest":
            return min(values)
        case "joined":
            return gather.between.join(values)
    return values


def _value(expression: Expr, scope: Mapping[Name, Any], helpers: Mapping[Name, Function]) -> Any:
    match expression:
        case Num(text):
            return float(text) if "." in text else int(text)
        case Txt(text):
            return text
        case Flag(value):
            return value
        case Var(name):
            return scope[name]
        case Op("and", left, right):
            return _value(left, scope, helpers) and _value(right, scope, helpers)
        case Op("or", left, right):
            return _value(left, scope, helpers) or _value(right, scope, helpers)
        case Op(op, left, right):
            return _OPERATORS[op](_value(left, scope, helpers), _value(right, scope, helpers))
        case Call(name, args):
            values = [_value(arg, scope, helpers) for arg in args]
            return value_of(helpers[name], values) if isinstance(name, tuple) else _FUNCTIONS[name](*values)
    raise AssertionError(expression)


_OPERATORS: dict[str, Any] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "&": lambda a, b: a + b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_FUNCTIONS: dict[str, Any] = {
    "min": min,
    "max": max,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": lambda number: math.floor(number + 0.5),
    "abs": abs,
    "not": lambda flag: not flag,
    "length": len,
    "count": len,
    "share": len,
    "upper": str.upper,
    "lower": str.lower,
}
