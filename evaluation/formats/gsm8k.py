"""GSM8K (arXiv 2110.14168) as `openai/grade-school-math` publishes it: word problems, each with one number as answer.

The number stands behind `####` at the end of the worked solution, thousands with commas. A program of any language
has to print it; the file says no language, so the user names one.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic import Field

from evaluation.formats.base import Format, Line, Place
from evaluation.tasks import Case, Scoring, Task


class Gsm8kLine(Line):
    """One line."""

    question: str = Field(description="the problem, in words", min_length=1)
    answer: str = Field(description="how it is solved, and behind `####` the number", min_length=1)


def read(line: Gsm8kLine, place: Place) -> Task:
    """Make the task; its name is that of the file and the line's number, since the line has none."""
    mark, said = line.answer.rpartition("####")[1:]
    try:
        number = Decimal(said.strip().replace(",", "").removeprefix("$") if mark else "")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise place.error("field 'answer': no number stands behind `####` at its end")
    return Task(
        id=f"{place.path.name.split('.', 1)[0]}/{place.line}",
        language=place.language_of("language", None),
        scoring=Scoring.OUTPUT,
        statement=line.question.strip(),
        cases=(Case(stdin="", expected=_written(number)),),
    )


def _written(number: Decimal) -> tuple[str, ...]:
    """The ways in which languages print a number: 42, 42.0, 42."""
    if number == number.to_integral_value():
        whole = str(int(number))
        return whole, f"{whole}.0", f"{whole}."
    return tuple(dict.fromkeys((format(number.normalize(), "f"), format(number, "f"))))


FORMAT = Format(
    about="word problems with a number as answer, for any language",
    line=Gsm8kLine,
    task=read,
    marks=(frozenset({"question", "answer"}),),
)
