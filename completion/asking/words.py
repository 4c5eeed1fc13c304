"""What a model that was tuned on instructions is told: the product's words, at evaluation, in training, in the editor.

They stay the same to the letter: models are tuned on them (`training/tuning/`).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.languages import LanguageSpec
from core.wire import ContextPiece, PieceKind

CODE_ONLY = "Answer with the complete code in one fenced block, and nothing else."


def introduction(language: LanguageSpec) -> str:
    """What every conversation begins with: which language this is."""
    return f"You write {language.display_name}. {language.note}".strip()


def to_complete(statement: str, before: str, language: LanguageSpec) -> str:
    """A question for the rest of some code, by its beginning and what it should do, which the code alone may say."""
    stated = f"{statement}\n\n" if statement else ""
    return f"{stated}Complete this {language.display_name} code; repeat what is given.\n\n{fenced(before, language)}"


def fenced(code: str, language: LanguageSpec) -> str:
    """Code in a block that says which language it is."""
    return f"```{language.name}\n{code.strip()}\n```"


def surroundings(path: str, before: str, after: str, pieces: Sequence[ContextPiece], language: LanguageSpec) -> str:
    """The file in which code is asked for, and pieces of others; empty where there is none of them.

    `before` and `after` are the text above and below the place. The language's manual is left out: the introduction
    has it.
    """
    name = f"the file {path}" if path else "the file"
    said = [(f"From {piece.path}:", piece.text) for piece in pieces if piece.kind is not PieceKind.MANUAL]
    said += [(f"What {name} has above:", before), (f"What {name} has below:", after)]
    parts = [(what, text.rstrip().strip("\n")) for what, text in said]
    return "\n\n".join(f"{what}\n\n```{language.name}\n{text}\n```" for what, text in parts if text)


def conversation(
    instruction: str, given: str, language: LanguageSpec, around: str = ""
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Role and text of both messages that ask for the code of a comment; `around` is what `surroundings` says."""
    system = "\n\n".join(part for part in (introduction(language), around, CODE_ONLY) if part)
    return ("system", system), ("user", to_complete(instruction, given, language))
