"""Which of several candidates to show, if any: the model's own, and that of the workspace's lines.

A candidate's worth is its confidence, made lower where the text breaks the syntax of its document, and higher where
the other proposer says the same. Below a threshold nothing is shown. Pure: `count_errors` is a callable, and
`SyntaxCheck` is the one that asks a grammar, within a time limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from completion.parsing import Parsing, SyntaxTree
from core.languages import LanguageSpec

CountErrors = Callable[[str], int | None]
"""How many syntax errors a text has; None where nobody can say: no grammar, too slow, too large."""


class Proposer(StrEnum):
    """Who proposes."""

    MODEL = "model"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Option:
    """A text for the cursor.

    confidence, from 0 to 1: of the model, the geometric mean of its tokens' probabilities (the exponential of the mean
    log-probability); of the lines, the calibrated one.
    """

    text: str
    confidence: float
    proposer: Proposer = Proposer.MODEL


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When to show what. Shares from 0 to 1; the defaults are measured by `benchmarks/choosing.py`.

    lines_lift: what is added to the lines' confidence, which is about ten characters, to compare it with the model's,
    which is about the next token; model, lines: below this confidence nothing of theirs is shown while typing, the
    lines' after that; agreement: this much of the way to
    certainty a candidate is lifted when the other proposer begins as it does, for `agreement_characters` or to the
    end of one of them; errors: what a confidence is multiplied by where the text leaves more syntax errors
    than there are without it, or than another candidate leaves.
    """

    lines_lift: float = 0.2
    model: float = 0.4
    lines: float = 0.4
    agreement: float = 0.5
    agreement_characters: int = 8
    errors: float = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """What to show, in which the confidence is what it was lifted or lowered to, and why it came first."""

    option: Option
    reason: str


def choose(
    options: Sequence[Option],
    prefix: str = "",
    suffix: str = "",
    *,
    count_errors: CountErrors | None = None,
    thresholds: Thresholds | None = None,
    automatic: bool = True,
) -> list[Choice]:
    """The options worth showing between `prefix` and `suffix`, the best first, none twice; empty: show nothing.

    With one option left, or a lead that errors cannot turn, no text is parsed. Asked for by hand (`automatic` False),
    thresholds hide nothing. Equal worth: the earlier option stands first.
    """
    thresholds = thresholds or Thresholds()
    options = [_compared(option, thresholds) for option in options]
    choices = [_agreed(option, options, thresholds) for option in _different(options)]
    if automatic:
        choices = [choice for choice in choices if choice.option.confidence >= _least(choice.option, thresholds)]
    choices.sort(key=lambda choice: -choice.option.confidence)
    if count_errors and _is_open(choices, thresholds):
        least = count_errors(prefix + suffix)
        counts = [count_errors(prefix + choice.option.text + suffix) for choice in choices]
        if least is not None:
            least = min([least, *(count for count in counts if count is not None)])
            choices = [_checked(*each, least, thresholds) for each in zip(choices, counts, strict=True)]
            choices.sort(key=lambda choice: -choice.option.confidence)
    return choices


class SyntaxCheck:
    """Counts syntax errors by a language's grammar, in about `limit_s` over all its calls; after that, None.

    For one choice: make a new one for the next. Not on the path of a key stroke without a short limit: the parser runs
    in a process of its own, and is killed at the limit.
    """

    def __init__(self, parsing: Parsing, spec: LanguageSpec, limit_s: float = 0.05) -> None:
        self._parsing, self._spec = parsing, spec
        self._left_s = limit_s

    def __call__(self, text: str) -> int | None:
        """See `CountErrors`."""
        if self._left_s <= 0:
            return None
        start_s = time.perf_counter()
        tree = self._parsing.parse(self._spec, text, self._left_s)
        self._left_s -= time.perf_counter() - start_s
        return sum(node.is_error or node.is_missing for node in tree) if isinstance(tree, SyntaxTree) else None


def agree(one: str, other: str, characters: int) -> bool:
    """Whether two texts begin alike: for so many characters, or to the end of the shorter one."""
    one, other = one.strip(), other.strip()
    shared = min(len(one), len(other), characters)
    return shared > 0 and one[:shared] == other[:shared]


def _different(options: Sequence[Option]) -> list[Option]:
    """Each text once, with its greatest confidence; no blank ones."""
    best: dict[str, Option] = {}
    for option in options:
        text = option.text.rstrip()
        if text.strip() and (text not in best or option.confidence > best[text].confidence):
            best[text] = option
    return list(best.values())


def _compared(option: Option, thresholds: Thresholds) -> Option:
    """With a confidence that means the same whoever proposes."""
    if option.proposer is not Proposer.LINES:
        return option
    return replace(option, confidence=min(option.confidence + thresholds.lines_lift, 1.0))


def _agreed(option: Option, options: Sequence[Option], thresholds: Thresholds) -> Choice:
    others = [other for other in options if other.proposer is not option.proposer]
    if not any(agree(option.text, other.text, thresholds.agreement_characters) for other in others):
        return Choice(option, f"the {option.proposer.value} alone")
    lifted = option.confidence + thresholds.agreement * (1.0 - option.confidence)
    return Choice(Option(option.text, lifted, option.proposer), "model and lines agree")


def _least(option: Option, thresholds: Thresholds) -> float:
    return thresholds.lines if option.proposer is Proposer.LINES else thresholds.model


def _is_open(choices: Sequence[Choice], thresholds: Thresholds) -> bool:
    """Whether syntax errors could change which comes first."""
    if len(choices) < 2:
        return False
    first, second, *_ = choices
    return first.option.confidence * thresholds.errors <= second.option.confidence


def _checked(choice: Choice, errors: int | None, least: int, thresholds: Thresholds) -> Choice:
    """Lowered, where it leaves more errors than there are without it, or than another candidate leaves."""
    option = choice.option
    if errors is None or errors <= least:
        return choice
    lowered = Option(option.text, option.confidence * thresholds.errors, option.proposer)
    return Choice(lowered, f"{choice.reason}, but it leaves syntax errors")
