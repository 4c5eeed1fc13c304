"""What something costs: a base, rates, allowances, reductions, limits, rounding, in any combination."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.tuning.instructions.functions import (
    Call,
    Expr,
    Function,
    Give,
    Let,
    Name,
    Num,
    Op,
    Statement,
    Type,
    Var,
    When,
    at_least,
    at_most,
    minus,
    over,
    percent,
    plus,
    said,
    times,
    to_multiple,
)
from training.tuning.instructions.words import MONEY, PEOPLE, PRICES, Measure, Words


@dataclass
class _Bill:
    """A function in the making."""

    words: Words
    whole: bool
    money: str
    value: Expr
    parameters: list[tuple[Name, Type]]
    constants: list[tuple[Name, Num]] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    steps: list[Statement] = field(default_factory=list)
    before: list[Statement] = field(default_factory=list)

    def amount(self, low: int = 1, high: int = 400) -> tuple[Num, str]:
        """A number, and how it is said."""
        number = self.words.number(self.whole, low, high)
        return number, number.text + self.money

    def free_name(self, *wanted: Name) -> Name:
        """The first of the names that is not taken, or an invented one."""
        taken = {name for name, _ in self.parameters}
        return next((name for name in wanted if name not in taken), (self.words.invented(),))


def charge(words: Words, parts: int) -> Function:
    """A charge with so many parts besides its rate."""
    rng = words.rng
    thing, what = words.thing(), rng.choice(PRICES)
    whole = rng.random() < 0.4
    bill = _Bill(words, whole, rng.choice(MONEY), Num("0"), [])
    opening = _opening(bill, thing, what)
    kinds = [_least, _most, _reduction, _surcharge, _rounded, _flat_extra, _second_rate, _constant_tax]
    kinds = [kind for kind in kinds if not (whole and kind in (_rounded, _reduction, _constant_tax))]
    chosen = sorted(rng.sample(kinds, min(parts, len(kinds))), key=_ORDER.index)
    for kind in chosen:
        kind(bill)
    sentence = _sentence(words, opening, bill.phrases)
    name = words.function_name(thing, what)
    body = [*bill.before]
    if bill.steps:
        total = bill.free_name(("total",), ("cost",), ("price",))
        body += [Let(total, bill.value), *(_with(step, total) for step in bill.steps), Give(Var(total))]
    else:
        body.append(Give(bill.value))
    return Function(
        "charge", name, tuple(bill.parameters), "number", sentence, tuple(body), whole, tuple(bill.constants)
    )


_TOTAL = ("\ue020",)


def _with(step: Statement, total: Name) -> Statement:
    """A step that speaks of `_TOTAL`, with the total's name."""

    def put(expression: Expr) -> Expr:
        match expression:
            case Var(name):
                return Var(total) if name == _TOTAL else expression
            case Op(op, left, right):
                return Op(op, put(left), put(right))
        return expression

    assert isinstance(step, When)
    assert isinstance(step.then, Give)
    return When(step.condition, Give(put(step.then.value)))


def _opening(bill: _Bill, thing: str, what: str) -> str:
    """Base and rate, or one of them."""
    rng, words = bill.words.rng, bill.words
    measure = words.measure()
    bill.parameters.append((measure.name, "number"))
    rate, rate_said = bill.amount(1, 90)
    quantity: Expr = Var(measure.name)
    each = _each(words, measure)
    draw = rng.random()
    subject = rng.choice(
        (
            f"A {thing} costs",
            f"The {what} of a {thing} is",
            f"The {what} for a {thing}:",
            f"For a {thing} one pays",
            f"What a {thing} costs:",
            f"The {what} of a {thing}:",
            f"{thing.capitalize()}:",
            f"One {thing} comes to",
            f"We charge a {thing} with",
        )
    )
    if draw < 0.2:
        free = words.number(True, 2, 30)
        bill.value = times(rate, at_least(minus(quantity, free), Num("0")))
        return (
            subject
            + " "
            + rng.choice(
                (
                    f"{rate_said} {each}, the first {free.text} {measure.many} are free",
                    f"{rate_said} {each} beyond the first {free.text}",
                    f"{rate_said} for every {measure.one} after {free.text} free {measure.many}",
                )
            )
        )
    if draw < 0.65:
        base, base_said = bill.amount()
        product = times(rate, quantity)
        bill.value = plus(base, product)
        return (
            subject
            + " "
            + rng.choice(
                (
                    f"{base_said} plus {rate_said} {each}",
                    f"{base_said} and {rate_said} {each}",
                    f"a base of {base_said} plus {rate_said} {each}",
                    f"{base_said}, and {rate_said} more {each}",
                    f"{rate_said} {each} on top of {base_said}",
                    f"{base_said} to begin with, then {rate_said} {each}",
                )
            )
        )
    if draw < 0.8 and not bill.whole:
        step = words.number(True, 2, 30)
        bill.value = times(rate, to_multiple(over(quantity, step), Num("1"), "ceil"))
        return (
            subject
            + " "
            + rng.choice(
                (
                    f"{rate_said} for every {step.text} {measure.many} begun",
                    f"{rate_said} per started {step.text} {measure.many}",
                )
            )
        )
    bill.value = times(rate, quantity)
    return f"{subject} {rate_said} {each}"


def _each(words: Words, measure: Measure) -> str:
    return words.rng.choice(
        (
            f"per {measure.one}",
            f"for each {measure.one}",
            f"a {measure.one}",
            f"for every {measure.one}",
            f"each {measure.one}",
            f"times {said(measure.name)}",
        )
    )


def _least(bill: _Bill) -> None:
    number, shown = bill.amount(2, 300)
    bill.value = at_least(bill.value, number)
    bill.phrases.append(
        bill.words.rng.choice(
            (
                f"but at least {shown}",
                f"at least {shown}",
                f"never less than {shown}",
                f"never under {shown}",
                f"with a minimum of {shown}",
                f"not below {shown}",
                f"{shown} at the least",
            )
        )
    )


def _most(bill: _Bill) -> None:
    number, shown = bill.amount(100, 2000)
    bill.value = at_most(bill.value, number)
    bill.phrases.append(
        bill.words.rng.choice(
            (
                f"but at most {shown}",
                f"at most {shown}",
                f"never more than {shown}",
                f"never over {shown}",
                f"with a maximum of {shown}",
                f"capped at {shown}",
                f"{shown} at the most",
            )
        )
    )


def _reduction(bill: _Bill) -> None:
    rng = bill.words.rng
    number = Num(str(rng.choice((5, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60, rng.randint(2, 95)))))
    people = rng.choice(PEOPLE)
    if rng.random() < 0.5 and not bill.steps:
        bill.value = times(bill.value, minus(Num("1"), percent(number)))
        bill.phrases.append(
            rng.choice(
                (
                    f"less {number.text}%",
                    f"with {number.text}% off",
                    f"minus {number.text}%",
                    f"after a rebate of {number.text}%",
                )
            )
        )
        return
    if bill.steps:
        return
    name = bill.free_name((people.removesuffix("s"),), ("reduced",))
    bill.parameters.append((name, "flag"))
    who = people if name == (people.removesuffix("s"),) else f"those with {said(name)}"
    bill.steps.append(When(Var(name), Give(times(Var(_TOTAL), minus(Num("1"), percent(number))))))
    bill.phrases.append(
        rng.choice((f"{who} pay {number.text}% less", f"{who} get {number.text}% off", f"{number.text}% off for {who}"))
    )


def _surcharge(bill: _Bill) -> None:
    if bill.steps:
        return
    rng = bill.words.rng
    name = bill.parameters[0][0]
    limit, (extra, shown) = bill.words.number(True, 5, 200), bill.amount()
    op, over_said = rng.choice(((">", "over"), (">", "more than"), (">=", "at least"), (">=", "from")))
    bill.steps.append(When(Op(op, Var(name), limit), Give(plus(Var(_TOTAL), extra))))
    bill.phrases.append(
        rng.choice(
            (
                f"{over_said} {limit.text} {shown} extra",
                f"plus {shown} if {said(name)} is {over_said.replace('from', 'at least')} {limit.text}",
                f"{shown} more where {said(name)} is {over_said.replace('from', 'at least')} {limit.text}",
            )
        )
    )


def _flat_extra(bill: _Bill) -> None:
    if bill.steps:
        return
    rng = bill.words.rng
    name = bill.free_name((bill.words.invented(),)) if rng.random() < 0.4 else bill.free_name((rng.choice(_OPTIONS),))
    extra, shown = bill.amount()
    bill.parameters.append((name, "flag"))
    bill.steps.append(When(Var(name), Give(plus(Var(_TOTAL), extra))))
    bill.phrases.append(
        rng.choice(
            (
                f"{said(name)} costs {shown} extra",
                f"plus {shown} if {said(name)}",
                f"{shown} more with {said(name)}",
                f"{said(name)} adds {shown}",
            )
        )
    )


def _second_rate(bill: _Bill) -> None:
    words = bill.words
    measure = words.measure()
    if measure.name in {name for name, _ in bill.parameters}:
        return
    rate, shown = bill.amount(1, 60)
    bill.parameters.append((measure.name, "number"))
    bill.value = plus(bill.value, times(rate, Var(measure.name)))
    each = _each(words, measure)
    bill.phrases.append(words.rng.choice((f"and {shown} {each}", f"plus {shown} {each}", f"with {shown} more {each}")))


def _rounded(bill: _Bill) -> None:
    rng = bill.words.rng
    way, how = rng.choice((("ceil", "rounded up"), ("floor", "rounded down"), ("round", "rounded")))
    step = Num(rng.choice(("1", "1", "5", "10", "50", "100", "0.5", "0.05", "0.25")))
    bill.value = to_multiple(bill.value, step, way)  # type: ignore[arg-type]
    whole = rng.choice(("to a whole number", "to the next whole number" if way == "ceil" else "to a whole one"))
    bill.phrases.append(
        f"{how} {whole}"
        if step.text == "1"
        else rng.choice((f"{how} to {step.text}{bill.money}", f"{how} to a multiple of {step.text}"))
    )


def _constant_tax(bill: _Bill) -> None:
    words = bill.words
    name = (words.invented(), words.rng.choice(("tax", "share", "duty", "levy", "rate")))
    name = (name[0], "tax") if name[1] == "levy" else name
    bill.constants.append((name, Num(str(words.rng.randint(2, 30)))))
    bill.value = times(bill.value, plus(Num("1"), over(Var(name), Num("100"))))
    bill.phrases.append(words.rng.choice((f"plus {said(name)} percent", f"with {said(name)} percent on top")))


_OPTIONS = ("express", "insured", "overnight", "weekend", "heated", "guided", "fragile", "engraved", "gift")
_ORDER = [_second_rate, _constant_tax, _least, _most, _rounded, _surcharge, _flat_extra, _reduction]


def _sentence(words: Words, opening: str, phrases: list[str]) -> str:
    between = words.rng.choice((", ", ", ", "; "))
    return between.join([opening, *phrases])[:1].upper() + between.join([opening, *phrases])[1:] + "."


def reckoning(words: Words) -> Function:
    """Products, shares, differences and means of two or three parameters."""
    rng = words.rng
    names = words.names(3)
    a, b, c = (said(name) for name in names)
    x, y, z = (Var(name) for name in names)
    number = words.number(False, 2, 90)
    cut = Num(str(rng.choice((5, 10, 15, 20, 25, 30, 40, rng.randint(2, 95)))))
    choices: list[tuple[int, str, Expr]] = [
        (3, f"{a} times {b} times {c}, at {number.text} each.", times(times(times(number, x), y), z)),
        (3, f"The share of {a} that falls to {b}: {b} over {c}.", over(times(x, y), z)),
        (2, f"The share of {a} in {b}, in percent.", times(over(x, y), Num("100"))),
        (2, f"How far {a} and {b} lie apart.", Call("abs", (minus(x, y),))),
        (2, f"The mean of {a} and {b}.", over(plus(x, y), Num("2"))),
        (3, f"The mean of {a}, {b} and {c}.", over(plus(plus(x, y), z), Num("3"))),
        (2, f"{a} with {cut.text}% more, minus {b}.", minus(times(x, plus(Num("1"), percent(cut))), y)),
        (1, f"{a} with {cut.text}% off.", times(x, minus(Num("1"), percent(cut)))),
        (1, f"{cut.text}% of {a}.", times(x, percent(cut))),
        (1, f"{a} plus {cut.text}%.", times(x, plus(Num("1"), percent(cut)))),
        (2, f"The larger of {a} and {b}.", at_least(x, y)),
        (2, f"The smaller of {a} and {b}, times {number.text}.", times(at_most(x, y), number)),
        (3, f"{a} plus {b}, times {c}.", times(plus(x, y), z)),
        (2, f"What remains of {a} after {b}, 0 at the least.", at_least(minus(x, y), Num("0"))),
        (2, f"Twice {a} plus twice {b}.", plus(times(Num("2"), x), times(Num("2"), y))),
    ]
    count, sentence, value = rng.choice(choices)
    parameters: list[tuple[Name, Type]] = [(name, "number") for name in names[:count]]
    name = words.function_name(words.thing(), rng.choice(PRICES))
    return Function("reckoning", name, tuple(parameters), "number", sentence[:1].upper() + sentence[1:], (Give(value),))
