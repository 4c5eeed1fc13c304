"""Lists: sums, counts, means, extremes, what fits a condition, something made of each, texts joined."""

from __future__ import annotations

from training.tuning.instructions.functions import (
    Call,
    Expr,
    Function,
    Gather,
    Give,
    Name,
    Num,
    Op,
    Statement,
    Txt,
    Type,
    Var,
    When,
    minus,
    over,
    percent,
    said,
    times,
)
from training.tuning.instructions.simple import COMPARED
from training.tuning.instructions.words import RESERVED, THINGS, Words


def total(words: Words) -> Function:
    """A sum, of all or of some, perhaps of something made of each."""
    rng = words.rng
    item, items, many = _list(words)
    whole = rng.random() < 0.5
    condition, which = _condition(words, item, whole)
    value, made = _each(words, item, whole)
    of = f"the {many}{which}"
    sentence = rng.choice(
        (
            f"The sum of {of}{made}.",
            f"What {of} come to together{made}.",
            f"{of} added up{made}.",
            f"Adds up {of}{made}.",
        )
    )
    name = ("total",) if rng.random() < 0.6 else ("sum", *items)
    body = (Gather(name, "sum", item, items, value, condition), Give(Var(name)))
    return _made("total", words, items, "numbers", "number", sentence, body, whole)


def how_many(words: Words) -> Function:
    """A count of those that fit."""
    rng = words.rng
    item, items, many = _list(words)
    condition, which = _condition(words, item, True, always=True)
    sentence = rng.choice(
        (f"How many of the {many} there are{which}.", f"The number of {many}{which}.", f"Counts the {many}{which}.")
    )
    body = (Gather(("found",), "count", item, items, Var(item), condition), Give(Var(("found",))))
    return _made("how_many", words, items, "numbers", "number", sentence, body, True)


def mean(words: Words) -> Function:
    """The mean, with a value for no list."""
    rng = words.rng
    item, items, many = _list(words)
    none = words.number(True, 0, 9)
    sentence = rng.choice(
        (
            f"The mean of the {many}; {none.text} if there are none.",
            f"The average of {said(items)}, and {none.text} for an empty list.",
            f"The mean of all {many}, {none.text} where there is none.",
        )
    )
    body: list[Statement] = [
        _if_empty(items, none),
        Gather(("total",), "sum", item, items, Var(item)),
        Give(over(Var(("total",)), Call("share", (Var(items),)))),
    ]
    return _made("mean", words, items, "numbers", "number", sentence, tuple(body))


def extreme(words: Words) -> Function:
    """The largest or smallest, with a value for no list, perhaps changed."""
    rng = words.rng
    item, items, many = _list(words)
    whole = rng.random() < 0.5
    none = words.number(True, 0, 99)
    kind, called = rng.choice(
        (("largest", "largest"), ("largest", "highest"), ("smallest", "smallest"), ("smallest", "lowest"))
    )
    local: Name = (kind,)
    value: Expr = Var(local)
    more = ""
    if rng.random() < 0.4:
        number = words.number(whole, 2, 50)
        value, more = rng.choice((times_said(value, number), plus_said(value, number)))
    sentence = rng.choice(
        (
            f"The {called} of the {many}{more}, {none.text} if there are none.",
            f"The {called} one of {said(items)}{more}; an empty list gives {none.text}.",
        )
    )
    body = (
        _if_empty(items, none),
        Gather(local, "largest" if kind == "largest" else "smallest", item, items, Var(item)),
        Give(value),
    )
    return _made("extreme", words, items, "numbers", "number", sentence, body, whole)


def some(words: Words) -> Function:
    """Those that fit a condition, or something made of each."""
    rng = words.rng
    item, items, many = _list(words)
    whole = rng.random() < 0.5
    value, made = _each(words, item, whole, always=True)
    condition, which = _condition(words, item, whole, always=True)
    draw = rng.random()
    if draw < 0.45:
        value, made = Var(item), ""
        sentence = rng.choice((f"The {many}{which}.", f"Only the {many}{which}.", f"Keeps the {many}{which}."))
    elif draw < 0.8:
        condition = None
        sentence = rng.choice((f"Each of the {many}{made}.", f"All {many}{made}.", f"The {many}, each{made}."))
    else:
        sentence = f"The {many}{which}, each{made}."
    body = (Gather(("result",), "list", item, items, value, condition), Give(Var(("result",))))
    return _made("some", words, items, "numbers", "numbers", sentence, body, whole)


def joined(words: Words) -> Function:
    """Texts in one, each with something before or behind it."""
    rng = words.rng
    item, items, many = _list(words)
    between, called = rng.choice(
        (
            (", ", "a comma, then a space"),
            ("; ", "a semicolon, then a space"),
            (" ", "a space"),
            ("-", "a hyphen"),
            ("/", "a slash"),
            (" + ", "a plus between spaces"),
        )
    )
    value: Expr = Var(item)
    each = ""
    draw = rng.random()
    if draw < 0.3:
        value, each = Call("upper", (value,)), " in capitals"
    elif draw < 0.6:
        text = words.message()
        value, each = rng.choice(
            (
                (Op("&", Txt(text + " "), value), f' with "{text} " before each'),
                (Op("&", value, Txt(" " + text)), f' with " {text}" behind each'),
            )
        )
    sentence = rng.choice(
        (
            f"The {many}{each}, in one text with {called} between them.",
            f"A text of the {many}{each}, with {called} between.",
            f"All {many}{each} in one text, {called} between them.",
        )
    )
    body = (Gather(("text",), "joined", item, items, value, None, between), Give(Var(("text",))))
    return _made("joined", words, items, "texts", "text", sentence, body)


LISTS = (total, total, how_many, mean, extreme, some, some, joined)


def times_said(value: Expr, number: Num) -> tuple[Expr, str]:
    """A product and how it is said."""
    return times(value, number), f" times {number.text}"


def plus_said(value: Expr, number: Num) -> tuple[Expr, str]:
    """A sum and how it is said."""
    return Op("+", value, number), f" plus {number.text}"


def _list(words: Words) -> tuple[Name, Name, str]:
    """Names of an item and of its list, and what the list's items are called."""
    while True:
        word = words.invented() if words.rng.random() < 0.4 else words.rng.choice(THINGS).replace("-", " ").split()[-1]
        if word not in RESERVED and not word.endswith("s"):
            many = word + ("es" if word[-1] in "xz" or word.endswith(("ch", "sh")) else "s")
            item = (word,) if words.rng.random() < 0.8 else (words.rng.choice("nxyv"),)
            return item, (many,), many


def _condition(words: Words, item: Name, whole: bool, always: bool = False) -> tuple[Expr | None, str]:
    if not always and words.rng.random() < 0.4:
        return None, ""
    op, said_so = words.rng.choice(COMPARED[:12])
    number = words.number(whole, 1, 300)
    return Op(op, Var(item), number), words.rng.choice(
        (f" {said_so} {number.text}", f" that are {said_so} {number.text}")
    )


def _each(words: Words, item: Name, whole: bool, always: bool = False) -> tuple[Expr, str]:
    rng = words.rng
    if not always and rng.random() < 0.5:
        return Var(item), ""
    number = words.number(whole, 2, 90)
    cut = Num(str(rng.randint(2, 95)))
    choices: list[tuple[Expr, str]] = [times_said(Var(item), number), plus_said(Var(item), number)]
    if not whole:
        choices += [
            (times(Var(item), minus(Num("1"), percent(cut))), f" less {cut.text}%"),
            (times(Var(item), Op("+", Num("1"), percent(cut))), f" with {cut.text}% on top"),
        ]
    value, how = rng.choice(choices)
    return value, how if always else f", each{how}"


def _if_empty(items: Name, none: Num) -> When:
    return When(Op("==", Call("count", (Var(items),)), Num("0", counts=True)), Give(none))


def _made(
    kind: str,
    words: Words,
    items: Name,
    what: Type,
    result: Type,
    sentence: str,
    body: tuple[Statement, ...],
    whole: bool = False,
) -> Function:
    rng = words.rng
    name = words.function_name(items[0], rng.choice(("total", "list", "result", "summary", "of")))
    name = (rng.choice(("all", "some", "chosen", "sum", "known")), *items) if name[-1] in ("of",) else name
    return Function(kind, name, ((items, what),), result, sentence[:1].upper() + sentence[1:], body, whole)
