"""Cases: what is given depends on limits, texts and flags; some arguments are refused."""

from __future__ import annotations

from training.tuning.instructions.functions import (
    Expr,
    Function,
    Give,
    Let,
    Name,
    Num,
    Op,
    Refuse,
    Statement,
    Txt,
    Type,
    Var,
    When,
    at_least,
    at_most,
    minus,
    plus,
    said,
    times,
)
from training.tuning.instructions.simple import COMPARED
from training.tuning.instructions.words import ADJECTIVES, MONEY, NOUNS, PRICES, THINGS, Words


def threshold(words: Words) -> Function:
    """One limit, two values."""
    rng, thing, what = words.rng, words.thing(), words.rng.choice(PRICES)
    measure, whole, money = words.measure(), rng.random() < 0.5, rng.choice(MONEY)
    limit, one, other = words.number(whole, 2, 500), words.number(whole), words.number(whole)
    op, op_said = rng.choice(COMPARED[:12])
    first, second = f"{one.text}{money}", f"{other.text}{money}"
    subject = said(measure.name) if rng.random() < 0.5 else f"the {' '.join(measure.name)}"
    sentence = rng.choice(
        (
            f"The {what} of a {thing}: {first} if {subject} is {op_said} {limit.text}, {second} otherwise.",
            f"A {thing} costs {first} {op_said} {limit.text} {measure.many}, {second} otherwise.",
            f"{first} where {subject} is {op_said} {limit.text}, else {second}.",
            f"If {subject} is {op_said} {limit.text}, {first}; if not, {second}.",
            f"The {what} of a {thing} is {second}, but {first} when {subject} is {op_said} {limit.text}.",
        )
    )
    body = (When(Op(op, Var(measure.name), limit), Give(one)), Give(other))
    return _made("threshold", words, thing, what, [(measure.name, "number")], "number", sentence, body, whole)


def steps(words: Words) -> Function:
    """Rising limits, a value for each."""
    rng, thing, what = words.rng, words.thing(), words.rng.choice(PRICES)
    measure, money = words.measure(), rng.choice(MONEY)
    count = rng.choice((2, 2, 3, 4))
    limits = words.ascending(count, True)
    whole = rng.random() < 0.5
    values = [words.number(whole) for _ in range(count + 1)]
    texts = [f"{value.text}{money}" for value in values]
    op, inner, last = rng.choice(
        (
            ("<=", "up to {limit}", "above that"),
            ("<=", "for at most {limit}", "for more"),
            ("<", "under {limit}", "from there on"),
            ("<", "below {limit}", "else"),
            ("<=", "up to {limit}", "beyond"),
        )
    )
    unit = rng.choice(("", f" {measure.many}"))
    pieces = [
        f"{text} {inner.format(limit=limit.text)}{unit if n == 0 else ''}"
        for n, (text, limit) in enumerate(zip(texts, limits, strict=False))
    ]
    listed = ", ".join([*pieces, f"{texts[-1]} {last}"])
    opening = rng.choice(
        (
            f"The {what} of a {thing} by its {' '.join(measure.name)}:",
            f"A {thing} costs",
            f"By {said(measure.name)}:",
            f"The {what} for a {thing} is",
        )
    )
    body: list[Statement] = [
        When(Op(op, Var(measure.name), limit), Give(value)) for limit, value in zip(limits, values, strict=False)
    ]
    body.append(Give(values[-1]))
    sentence = f"{opening} {listed}."
    return _made("steps", words, thing, what, [(measure.name, "number")], "number", sentence, tuple(body), whole)


def rates_by_step(words: Words) -> Function:
    """Tier by tier: what lies in each part costs its own rate."""
    rng, thing, what = words.rng, words.thing(), words.rng.choice(PRICES)
    measure, money = words.measure(), rng.choice(MONEY)
    (limit,) = words.ascending(1, True)
    low, high = words.number(False, 1, 40), words.number(False, 1, 40)
    quantity: Expr = Var(measure.name)
    sentence = rng.choice(
        (
            (
                f"The {what} of a {thing}: {low.text}{money} for each of the first {limit.text} {measure.many}, then "
                f"{high.text}{money} for each further one."
            ),
            (
                f"A {thing} costs {low.text}{money} per {measure.one} up to {limit.text}, and {high.text}{money} per "
                f"{measure.one} for what goes beyond."
            ),
        )
    )
    body = (
        Let(("first",), times(low, at_most(quantity, limit))),
        Let(("further",), times(high, at_least(minus(quantity, limit), Num("0")))),
        Give(plus(Var(("first",)), Var(("further",)))),
    )
    return _made("tiers", words, thing, what, [(measure.name, "number")], "number", sentence, body)


def by_text(words: Words) -> Function:
    """A value for each of some texts."""
    rng, thing, what = words.rng, words.thing(), words.rng.choice((*PRICES, *NOUNS))
    (name,) = words.names(1)
    money, whole = rng.choice(MONEY), rng.random() < 0.6
    keys = _texts(words, rng.choice((2, 3, 3, 4)))
    textual = rng.random() < 0.3
    values: list[Num | Txt] = [Txt(words.message()) if textual else words.number(whole) for _ in range(len(keys) + 1)]
    shown = [f'"{value.text}"' if textual else f"{value.text}{money}" for value in values]
    way, last = rng.choice(
        (
            ("{value} for {key}", "{value} for all else"),
            ("{key} gives {value}", "others {value}"),
            ("{key}: {value}", "anything else: {value}"),
            ("{value} if it is {key}", "{value} otherwise"),
        )
    )
    pieces = [way.format(key=f'"{key}"', value=value) for key, value in zip(keys, shown, strict=False)]
    body: list[Statement] = [
        When(Op("==", Var(name), Txt(key)), Give(value)) for key, value in zip(keys, values, strict=False)
    ]
    if rng.random() < 0.25:
        message = words.message()
        pieces.append(f'all else is refused with "{message}"')
        body.append(Refuse(message))
    else:
        pieces.append(last.format(value=shown[-1]))
        body.append(Give(values[-1]))
    opening = rng.choice(
        (
            f"The {what} of a {thing} by {said(name)}:",
            f"By {said(name)}:",
            f"What {said(name)} means:",
            f"The {what} for {said(name)}:",
        )
    )
    sentence = f"{opening} {rng.choice((', ', ', ', '; ')).join(pieces)}."
    result: Type = "text" if textual else "number"
    return _made("by_text", words, thing, what, [(name, "text")], result, sentence, tuple(body), whole)


def graded(words: Words) -> Function:
    """A word for a number."""
    rng, thing = words.rng, words.thing()
    measure = words.measure()
    limits = words.ascending(rng.choice((1, 2, 2, 3)), True)
    names = _texts(words, len(limits) + 1)
    op, way = rng.choice((("<", "under"), ("<=", "up to"), ("<", "below"), ("<=", "at most")))
    pieces = [f'"{text}" {way} {limit.text}' for text, limit in zip(names, limits, strict=False)]
    opening = rng.choice(
        (
            f"What a {thing} with so many {measure.many} is called:",
            f"The class of a {thing} by {said(measure.name)}:",
            f"A word for {said(measure.name)}:",
        )
    )
    sentence = f'{opening} {", ".join(pieces)}, else "{names[-1]}".'
    body: list[Statement] = [
        When(Op(op, Var(measure.name), limit), Give(Txt(text))) for text, limit in zip(names, limits, strict=False)
    ]
    body.append(Give(Txt(names[-1])))
    return _made("graded", words, thing, "class", [(measure.name, "number")], "text", sentence, tuple(body), True)


def allowed(words: Words) -> Function:
    """Whether two conditions hold, or one of them."""
    rng, thing = words.rng, words.thing()
    first, second = words.names(2)
    (op1, said1), (op2, said2) = rng.choice(COMPARED[:12]), rng.choice(COMPARED[:12])
    one, two = words.number(True, 1, 300), words.number(True, 1, 300)
    joined = rng.choice(("and", "or"))
    third = words.rng.random() < 0.3
    parameters: list[tuple[Name, Type]] = [(first, "number"), (second, "number")]
    condition: Expr = Op(joined, Op(op1, Var(first), one), Op(op2, Var(second), two))
    if third:
        parameters = [(first, "number"), (second, "flag")]
        condition = Op(joined, Op(op1, Var(first), one), Var(second))
        phrase = f"{said(first)} is {said1} {one.text} {joined} it has {said(second)}"
    elif rng.random() < 0.3:
        low, high = words.ascending(2, True)
        parameters = [(first, "number")]
        condition = Op("and", Op(">=", Var(first), low), Op("<=", Var(first), high))
        phrase = f"{said(first)} lies between {low.text} and {high.text}, both included"
    else:
        phrase = f"{said(first)} is {said1} {one.text} {joined} {said(second)} is {said2} {two.text}"
    sentence = rng.choice((f"Whether a {thing} is allowed: if {phrase}.", f"True if {phrase}.", f"Whether {phrase}."))
    return _made("allowed", words, thing, "allowed", parameters, "flag", sentence, (Give(condition),), True)


def checked(words: Words) -> Function:
    """Arguments outside limits are refused with a message; else something is computed."""
    rng, thing, what = words.rng, words.thing(), words.rng.choice(PRICES)
    measure, whole = words.measure(), rng.random() < 0.5
    rate, base = words.number(whole, 1, 90), words.number(whole)
    op, op_said = rng.choice(COMPARED[:12])
    limit, message = words.number(True, 1, 300), words.message()
    subject = rng.choice((said(measure.name), f"{' '.join(measure.name)}", f"a {' '.join(measure.name)}"))
    value: Expr = rng.choice((times(rate, Var(measure.name)), plus(base, times(rate, Var(measure.name)))))
    cost = (
        f"{rate.text} per {measure.one}"
        if value == times(rate, Var(measure.name))
        else f"{base.text} plus {rate.text} per {measure.one}"
    )
    sentence = rng.choice(
        (
            f'A {thing} costs {cost}; {subject} {op_said} {limit.text} is refused with "{message}".',
            f'Refuses {subject} {op_said} {limit.text} with "{message}"; all else costs {cost}.',
            f'The {what} of a {thing}: {cost}. With {subject} {op_said} {limit.text} it fails with "{message}".',
        )
    )
    body: list[Statement] = [When(Op(op, Var(measure.name), limit), Refuse(message))]
    if op in (">", ">=") and rng.random() < 0.4:
        other = words.message()
        body.insert(0, When(Op("<", Var(measure.name), Num("0")), Refuse(other)))
        sentence = sentence[:-1] + f', and less than 0 with "{other}".'
    return _made(
        "checked", words, thing, what, [(measure.name, "number")], "number", sentence, (*body, Give(value)), whole
    )


def pair(words: Words) -> Function:
    """Two flags or limits, a value for each combination."""
    rng, thing, what = words.rng, words.thing(), words.rng.choice(PRICES)
    first, second = words.names(2)
    money = rng.choice(MONEY)
    values = [words.number(True) for _ in range(4)]
    texts = [f"{value.text}{money}" for value in values]
    if rng.random() < 0.5:
        a, b = Var(first), Var(second)
        conditions: tuple[Expr, Expr] = (a, b)
        shown = (said(first), said(second))
        parameters: list[tuple[Name, Type]] = [(first, "flag"), (second, "flag")]
    else:
        one, two = words.number(True, 2, 90), words.number(True, 2, 90)
        (op1, said1), (op2, said2) = rng.choice(COMPARED[:12]), rng.choice(COMPARED[:12])
        conditions = (Op(op1, Var(first), one), Op(op2, Var(second), two))
        shown = (f"{said(first)} is {said1} {one.text}", f"{said(second)} is {said2} {two.text}")
        parameters = [(first, "number"), (second, "number")]
    sentence = (
        f"The {what} of a {thing}: {texts[0]} if {shown[0]} and {shown[1]}, {texts[1]} if only {shown[0]}, "
        f"{texts[2]} if only {shown[1]}, {texts[3]} if neither."
    )
    body = (
        When(Op("and", *conditions), Give(values[0])),
        When(conditions[0], Give(values[1])),
        When(conditions[1], Give(values[2])),
        Give(values[3]),
    )
    return _made("pair", words, thing, what, parameters, "number", sentence, body, True)


def cheaper(words: Words) -> Function:
    """Which of two offers costs less."""
    rng = words.rng
    measure = words.measure()
    one, other = _texts(words, 2)
    once, every = said(measure.name), measure.one
    b1, b2 = words.number(False, 1, 60), words.number(False, 1, 60)
    r1, r2 = words.number(False, 1, 20), words.number(False, 1, 20)
    quantity: Expr = Var(measure.name)
    sentence = rng.choice(
        (
            (
                f'Which costs less for so many {measure.many}: "{one}" with {b1.text} plus {r1.text} per {every}, '
                f'or "{other}" with {b2.text} plus {r2.text}; "{one}" where both are equal.'
            ),
            (
                f'The cheaper one by {once}: "{one}" is {b1.text} and {r1.text} each, "{other}" is {b2.text} '
                f'and {r2.text} each. If they are the same, "{one}".'
            ),
        )
    )
    body = (
        Let(("one",), plus(b1, times(r1, quantity))),
        Let(("other",), plus(b2, times(r2, quantity))),
        When(Op("<", Var(("other",)), Var(("one",))), Give(Txt(other))),
        Give(Txt(one)),
    )
    return _made("cheaper", words, words.thing(), "offer", [(measure.name, "number")], "text", sentence, body)


CASES = (threshold, threshold, steps, steps, rates_by_step, by_text, by_text, graded, allowed, checked, pair, cheaper)


def _texts(words: Words, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        text = words.rng.choice((words.invented(), words.rng.choice(ADJECTIVES), words.rng.choice(THINGS)))
        if text not in found:
            found.append(text)
    return found


def _made(
    kind: str,
    words: Words,
    thing: str,
    what: str,
    parameters: list[tuple[Name, Type]],
    result: Type,
    sentence: str,
    body: tuple[Statement, ...],
    whole: bool = False,
) -> Function:
    name = words.function_name(thing, what)
    return Function(kind, name, tuple(parameters), result, sentence[:1].upper() + sentence[1:], body, whole)
