"""Fill-in-the-middle templates, as data: one literal layout for each model family.

A layout is a tuple of special tokens, literal texts and slots; `completion/prompt.py` fills the slots. A new
family is one more entry in `TEMPLATES`. Which tokens a template needs is derived from its layout, so that a
server can check them against the tokenizer before it takes a request.

Sources: the model cards and papers of Qwen2.5-Coder (arXiv 2409.12186), StarCoder2 (arXiv 2402.19173),
DeepSeek-Coder (arXiv 2401.14196), Code Llama (arXiv 2308.12950), Mistral's `mistral-common` for Codestral, and
Mellum's model card.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from completion.segments import Special, Text
from core.errors import UnknownNameError


class Slot(Enum):
    """What a layout leaves open."""

    REPOSITORY = "repository"
    PATH = "path"
    PIECE = "piece"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    TYPED = "typed"


Layout = tuple[Special | Text | Slot, ...]


@dataclass(frozen=True, slots=True)
class FimTemplate:
    """How one model family wants a hole in a file, and other files before it.

    `hole` lays out prefix and suffix; `context_head`, `context_piece` and `file_head` stand before it where the
    request has pieces of other files (empty: the family has no tokens for them, and pieces are left out).
    `stop` are the special tokens that end the middle. `start` opens every prompt. `aliases` are substrings of
    a model's name, lower-case, that choose the template where nobody named one.
    """

    name: str
    hole: Layout
    stop: tuple[str, ...]
    start: Layout = ()
    context_head: Layout = ()
    context_piece: Layout = ()
    file_head: Layout = ()
    aliases: tuple[str, ...] = ()

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """Every special token that a prompt of this template may hold, without repeats, in order."""
        layouts = self.start + self.context_head + self.context_piece + self.file_head + self.hole
        return tuple(dict.fromkeys(part.token for part in layouts if isinstance(part, Special)))

    @property
    def prefix_is_last(self) -> bool:
        """Whether the prompt ends with the prefix, so that typing only appends to it."""
        return self.hole[-1] is Slot.PREFIX

    @property
    def typed_is_apart(self) -> bool:
        """Whether what is typed on the cursor's line stands by itself, behind the middle token (`for_typing`)."""
        return Slot.TYPED in self.hole


_NEWLINE = Text("\n")

_QWEN_PSM: Layout = (
    Special("<|fim_prefix|>"),
    Slot.PREFIX,
    Special("<|fim_suffix|>"),
    Slot.SUFFIX,
    Special("<|fim_middle|>"),
)
_QWEN_SPM: Layout = (
    Special("<|fim_prefix|>"),
    Special("<|fim_suffix|>"),
    Slot.SUFFIX,
    Special("<|fim_middle|>"),
    Slot.PREFIX,
)

_QWEN = FimTemplate(
    "qwen2.5-coder",
    hole=_QWEN_PSM,
    context_head=(Special("<|repo_name|>"), Slot.REPOSITORY, _NEWLINE),
    context_piece=(Special("<|file_sep|>"), Slot.PATH, _NEWLINE, Slot.PIECE, _NEWLINE),
    file_head=(Special("<|file_sep|>"), Slot.PATH, _NEWLINE),
    stop=("<|endoftext|>", "<|fim_pad|>", "<|file_sep|>", "<|repo_name|>"),
    aliases=("qwen2.5-coder", "qwen2", "qwen3"),
)

_ALL = (
    _QWEN,
    replace(_QWEN, name="embedded-psm", aliases=()),
    replace(_QWEN, name="embedded-spm", hole=_QWEN_SPM, aliases=()),
    FimTemplate(
        "starcoder2",
        hole=(
            Special("<fim_prefix>"),
            Slot.PREFIX,
            Special("<fim_suffix>"),
            Slot.SUFFIX,
            Special("<fim_middle>"),
        ),
        context_head=(Special("<repo_name>"), Slot.REPOSITORY),
        context_piece=(Special("<file_sep>"), Slot.PATH, _NEWLINE, Slot.PIECE, _NEWLINE),
        file_head=(Special("<file_sep>"), Slot.PATH, _NEWLINE),
        stop=("<|endoftext|>", "<file_sep>"),
        aliases=("starcoder",),
    ),
    FimTemplate(
        "deepseek-coder",
        start=(Special("<｜begin▁of▁sentence｜>"),),
        hole=(
            Special("<｜fim▁begin｜>"),
            Slot.PREFIX,
            Special("<｜fim▁hole｜>"),
            Slot.SUFFIX,
            Special("<｜fim▁end｜>"),
        ),
        stop=("<｜end▁of▁sentence｜>",),
        aliases=("deepseek-coder", "deepseek_coder"),
    ),
    FimTemplate(
        "codellama",
        start=(Special("<s>"),),
        hole=(Special("▁<PRE>"), Slot.PREFIX, Special("▁<SUF>"), Slot.SUFFIX, Special("▁<MID>")),
        stop=("▁<EOT>", "</s>"),
        aliases=("codellama", "code-llama"),
    ),
    FimTemplate(
        "codestral",
        start=(Special("<s>"),),
        hole=(Special("[SUFFIX]"), Slot.SUFFIX, Special("[PREFIX]"), Slot.PREFIX),
        stop=("</s>",),
        aliases=("codestral",),
    ),
    FimTemplate(
        "mellum",
        hole=(
            Special("<fim_suffix>"),
            Slot.SUFFIX,
            Special("<fim_prefix>"),
            Slot.PREFIX,
            Special("<fim_middle>"),
        ),
        context_piece=(Special("<filename>"), Slot.PATH, _NEWLINE, Slot.PIECE, _NEWLINE),
        file_head=(Special("<filename>"), Slot.PATH, _NEWLINE),
        stop=("<|endoftext|>", "<filename>"),
        aliases=("mellum",),
    ),
)

TEMPLATES: dict[str, FimTemplate] = {template.name: template for template in _ALL}


def template_named(name: str) -> FimTemplate:
    """The template of that name. Raises `UnknownNameError`, which lists the known ones."""
    try:
        return TEMPLATES[name]
    except KeyError:
        raise UnknownNameError("fill-in-the-middle template", name, TEMPLATES) from None


def for_typing(template: FimTemplate) -> FimTemplate:
    """The same family's layout in which typing only appends to the prompt.

    What is typed on the cursor's line goes behind the middle token, where the model goes on with it (the layout of
    llama.vim). A family whose prompts end with the prefix has that already.
    """
    if template.prefix_is_last or template.typed_is_apart:
        return template
    return replace(template, hole=(*template.hole, Slot.TYPED))


def template_for_model(model_name: str) -> FimTemplate | None:
    """The template whose family a model's name belongs to, or `None`: then somebody has to name one."""
    lowered = model_name.lower()
    matches = (t for t in TEMPLATES.values() if any(alias in lowered for alias in t.aliases))
    return next(matches, None)
