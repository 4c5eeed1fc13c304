"""Very short functions: what matters in them is to copy a name, a number or a text out of the question."""

from __future__ import annotations

from training.tuning.instructions.functions import (
    Call,
    Expr,
    Flag,
    Function,
    Give,
    Let,
    Name,
    Num,
    Op,
    Txt,
    Type,
    Var,
    said,
)
from training.tuning.instructions.words import NOUNS, PRICES, Words


def constant(words: Words) -> Function:
    """A number or a text."""
    rng, thing = words.rng, words.thing()
    what = rng.choice((*PRICES, *NOUNS))
    name = words.function_name(thing, what)
    if rng.random() < 0.4:
        text = words.message()
        sentence = rng.choice(
            (
                f'Always gives "{text}".',
                f'The text "{text}".',
                f'Gives the text "{text}".',
                f'What is shown for a {thing}: "{text}".',
                f'The label of every {thing}: "{text}".',
            )
        )
        return Function("constant", name, (), "text", sentence, (Give(Txt(text)),))
    number = words.number(rng.random() < 0.5, 0, 9999)
    sentence = rng.choice(
        (
            f"Always gives {number.text}.",
            f"The number {number.text}.",
            f"Gives {number.text}.",
            f"The {what} of a {thing}: {number.text}.",
            f"The {what} of a {thing} is {number.text}.",
            f"Every {thing} has a {what} of {number.text}.",
        )
    )
    return Function("constant", name, (), "number", sentence, (Give(number),), whole="." not in number.text)


def one_of(words: Words) -> Function:
    """One of the parameters, as it is."""
    rng = words.rng
    names = words.names(rng.choice((1, 2, 2, 3)))
    kind: Type = rng.choice(("number", "text"))
    place = rng.randrange(len(names))
    ordinal = ("first", "second", "third")[place]
    sentence = rng.choice(
        (
            f"Gives {said(names[place])} back.",
            f"The {ordinal} of what it is given.",
            f"Just {said(names[place])}, as it is.",
            f"Gives its {ordinal} argument.",
            f"The value of {said(names[place])}.",
        )
    )
    parameters: list[tuple[Name, Type]] = [(name, kind) for name in names]
    return _function("one_of", words, parameters, kind, sentence, Var(names[place]))


def arithmetic(words: Words) -> Function:
    """One operation on a parameter and a number, or on two parameters."""
    rng = words.rng
    first, second = words.names(2)
    whole = rng.random() < 0.5
    two = rng.random() < 0.4
    right: Expr = Var(second) if two else words.number(whole, 2, 900)
    shown = said(second) if two else right.text if isinstance(right, Num) else ""
    op = rng.choice("+-*" if whole else "+-*/")
    left = said(first)
    sentences = {
        "+": (
            f"The sum of {left} and {shown}.",
            f"{left} plus {shown}.",
            f"{left} and {shown} added up.",
            f"{shown} more than {left}.",
            f"Adds {shown} to {left}.",
        ),
        "-": (
            f"{left} minus {shown}.",
            f"{left} less {shown}.",
            f"{shown} less than {left}.",
            f"Takes {shown} away from {left}.",
            f"The difference of {left} and {shown}.",
        ),
        "*": (f"{left} times {shown}.", f"The product of {left} and {shown}.", f"{left} multiplied by {shown}."),
        "/": (f"{left} divided by {shown}.", f"{left} over {shown}.", f"One part of {left} cut into {shown}."),
    }
    parameters: list[tuple[Name, Type]] = [(first, "number")]
    if two:
        parameters.append((second, "number"))
    if two and rng.random() < 0.3:
        parameters.reverse()
    sentence = _capital(rng.choice(sentences[op]))
    return _function("arithmetic", words, parameters, "number", sentence, Op(op, Var(first), right), whole)


def comparison(words: Words) -> Function:
    """Whether a parameter is above, below or equal to something."""
    rng = words.rng
    (first,) = words.names(1)
    if rng.random() < 0.3:
        text = words.message()
        sentence = rng.choice(
            (
                f'Whether {said(first)} is "{text}".',
                f'True if {said(first)} is "{text}".',
                f'Is {said(first)} the text "{text}"?',
            )
        )
        return _function("comparison", words, [(first, "text")], "flag", sentence, Op("==", Var(first), Txt(text)))
    whole = rng.random() < 0.6
    number = words.number(whole, 1, 900)
    op, said_so = rng.choice(COMPARED)
    sentence = rng.choice(
        (
            f"Whether {said(first)} is {said_so} {number.text}.",
            f"True if {said(first)} is {said_so} {number.text}, false otherwise.",
            f"Says if {said(first)} is {said_so} {number.text}.",
        )
    )
    return _function("comparison", words, [(first, "number")], "flag", sentence, Op(op, Var(first), number), whole)


def flag(words: Words) -> Function:
    """Truths joined, turned round, or constant."""
    rng = words.rng
    first, second = words.names(2)
    draw = rng.randrange(4)
    if draw == 0:
        value = rng.random() < 0.5
        sentence = rng.choice((f"Always {str(value).lower()}.", f"Says {'yes' if value else 'no'} to everything."))
        return _function("flag", words, [(first, "number")], "flag", sentence, Flag(value))
    if draw == 1:
        sentence = rng.choice((f"Whether {said(first)} does not hold.", f"The opposite of {said(first)}."))
        return _function("flag", words, [(first, "flag")], "flag", sentence, Call("not", (Var(first),)))
    op = rng.choice(("and", "or"))
    sentence = (
        f"Whether both {said(first)} and {said(second)} hold."
        if op == "and"
        else f"Whether {said(first)} or {said(second)} holds, or both."
    )
    parameters: list[tuple[Name, Type]] = [(first, "flag"), (second, "flag")]
    return _function("flag", words, parameters, "flag", sentence, Op(op, Var(first), Var(second)))


def label(words: Words) -> Function:
    """Texts joined, and in capitals."""
    rng = words.rng
    first, second = words.names(2)
    text = words.message()
    mark, called = rng.choice(
        (
            (": ", "a colon, then a space"),
            (", ", "a comma, then a space"),
            (" ", "a space"),
            ("-", "a hyphen"),
            (" / ", "a slash between spaces"),
            ("", "nothing between"),
        )
    )
    both: list[tuple[Name, Type]] = [(first, "text"), (second, "text")]
    joined = Op("&", Op("&", Var(first), Txt(mark)), Var(second)) if mark else Op("&", Var(first), Var(second))
    choices: list[tuple[str, list[tuple[Name, Type]], Expr]] = [
        (f'The text "{text} " and then {said(first)}.', both[:1], Op("&", Txt(text + " "), Var(first))),
        (f'{said(first)} and then " {text}".', both[:1], Op("&", Var(first), Txt(" " + text))),
        (f"{said(first)}, {called}, and {said(second)}.", both, joined),
        (f"{said(first)} in capitals.", both[:1], Call("upper", (Var(first),))),
        (f"{said(first)} in small letters.", both[:1], Call("lower", (Var(first),))),
        (
            f"{said(first)} in capitals, {called}, and {said(second)}.",
            both,
            Op("&", Op("&", Call("upper", (Var(first),)), Txt(mark or "; ")), Var(second)),
        ),
    ]
    if not mark:
        choices.pop()
    sentence, parameters, value = rng.choice(choices)
    return _function("label", words, parameters, "text", sentence, value)


def helper(words: Words) -> Function:
    """A helper stands above; the function asks it."""
    rng = words.rng
    inner = rng.choice((arithmetic, arithmetic, comparison))(words)
    names = words.names(len(inner.parameters))
    call = Call(inner.name, tuple(Var(name) for name in names))
    parameters = tuple(zip(names, (kind for _, kind in inner.parameters), strict=True))
    name = words.function_name(words.thing(), rng.choice(PRICES))
    listed = " and ".join(said(one) for one in names)
    if inner.result == "number" and rng.random() < 0.6:
        number = words.number(inner.whole)
        sentence = f"{said(inner.name)} of {listed}, and {number.text} more."
        value: Expr = Op("+", call, number)
    else:
        sentence, value = f"The {said(inner.name)} of {listed}.", call
    return Function("helper", name, parameters, inner.result, sentence, (Give(value),), inner.whole, helpers=(inner,))


def local(words: Words) -> Function:
    """A step with a name, then a result made of it."""
    rng = words.rng
    first, second, step = words.names(3)
    whole = rng.random() < 0.5
    a, b = words.number(whole, 2, 90), words.number(whole, 2, 900)
    sentence = rng.choice(
        (
            f"{said(first)} times {a.text}, then plus {b.text} and {said(second)}.",
            f"First {said(first)} times {a.text}; to that come {b.text} and {said(second)}.",
        )
    )
    body = (Let(step, Op("*", Var(first), a)), Give(Op("+", Op("+", Var(step), b), Var(second))))
    name = words.function_name(words.thing(), rng.choice(NOUNS))
    return Function("local", name, ((first, "number"), (second, "number")), "number", _capital(sentence), body, whole)


COMPARED = (
    (">", "over"),
    (">", "more than"),
    (">", "above"),
    (">", "greater than"),
    (">=", "at least"),
    (">=", "not less than"),
    ("<", "under"),
    ("<", "less than"),
    ("<", "below"),
    ("<=", "at most"),
    ("<=", "no more than"),
    ("<=", "up to"),
    ("==", "exactly"),
    ("==", "equal to"),
    ("!=", "other than"),
    ("!=", "not"),
)
"""Comparisons and how they are said."""

SIMPLE = (constant, one_of, arithmetic, arithmetic, comparison, flag, label, label, helper, local)


def _function(
    kind: str,
    words: Words,
    parameters: list[tuple[Name, Type]],
    result: Type,
    sentence: str,
    value: Expr,
    whole: bool = False,
) -> Function:
    name = words.function_name(words.thing(), words.rng.choice((*PRICES, *NOUNS)))
    return Function(kind, name, tuple(parameters), result, _capital(sentence), (Give(value),), whole)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
