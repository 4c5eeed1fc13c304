"""From segments to token ids.

Guarantees: a special segment becomes exactly one token; a text segment never becomes a control token, even where it
spells one; text is encoded as it is, without a dummy space in front (SentencePiece) and without begin or end tokens
that the template did not ask for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from completion.segments import Special, Text
from completion.templates import FimTemplate
from core.errors import CheckpointError, TemplateError
from server.tokens.vocabulary import Vocabulary, is_control, read_tokenizer_file, vocabulary_of


class TokenRenderer:
    """A model's tokenizer, for prompts."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.vocabulary: Vocabulary = vocabulary_of(data)
        self._controls = self.vocabulary.controls
        self._control_ids = frozenset(self._controls.values())
        kept = [token for token in data.get("added_tokens") or [] if not is_control(token)]
        try:
            self._plain = Tokenizer.from_str(json.dumps(_for_plain_text(data, kept)))
        except Exception as error:  # the library raises bare Exception
            raise CheckpointError(f"tokenizer.json cannot be loaded: {error}") from None
        # the library numbers added tokens anew once others before them are gone
        renumbered = {self._plain.token_to_id(token["content"]): token["id"] for token in kept}
        self._renumbered = {theirs: ours for theirs, ours in renumbered.items() if theirs != ours}

    @classmethod
    def from_folder(cls, folder: Path) -> TokenRenderer:
        """Of a model folder. Raises `CheckpointError`."""
        data = read_tokenizer_file(folder)
        try:
            return cls(data)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise CheckpointError(f"{folder}/tokenizer.json is malformed; copy or download it again") from None

    def ids_of(self, segments: Iterable[Special | Text]) -> list[int]:
        """The ids of all segments, one after the other."""
        ids: list[int] = []
        for segment in segments:
            ids += [self.control_id(segment.token)] if isinstance(segment, Special) else self.encode(segment.text)
        return ids

    def check(self, template: FimTemplate) -> None:
        """Raise `TemplateError` unless every special token of `template` is one control token here."""
        missing = [token for token in template.special_tokens if token not in self._controls]
        if missing:
            raise TemplateError(
                f"template {template.name!r} needs {', '.join(missing)}, which the tokenizer does not hold as single "
                f"tokens; choose the model's own template with --template"
            )
        if not any(token in self._controls for token in template.stop):
            raise TemplateError(
                f"template {template.name!r} ends an answer with {' or '.join(template.stop)}, and the tokenizer "
                f"holds none of them; choose the model's own template with --template"
            )

    def control_ids(self, tokens: Iterable[str]) -> tuple[int, ...]:
        """Ids of those of `tokens` that the tokenizer holds."""
        return tuple(self._controls[token] for token in tokens if token in self._controls)

    def control_id(self, token: str) -> int:
        """Id of a special token that `check` has found."""
        return self._controls[token]

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""
        ids = self._plain.encode(text, add_special_tokens=False).ids
        if self._renumbered:
            ids = [self._renumbered.get(token, token) for token in ids]
        if self._control_ids.isdisjoint(ids):
            return ids
        # a vocabulary that holds a control token's text as an ordinary entry as well: encode its first character
        # apart from the others, so that the entry cannot be met
        cut = min(found + 1 for token in self._controls if (found := text.find(token)) >= 0)
        return self.encode(text[:cut]) + self.encode(text[cut:])


def _for_plain_text(data: Mapping[str, Any], added_tokens: list[Any]) -> dict[str, Any]:
    """The same tokenizer without control tokens, dummy spaces, begin and end tokens, cutting and padding."""
    return {
        **data,
        "added_tokens": added_tokens,
        "normalizer": _without_dummy_space(data.get("normalizer")),
        "pre_tokenizer": _without_dummy_space(data.get("pre_tokenizer")),
        "post_processor": None,
        "truncation": None,
        "padding": None,
    }


def _without_dummy_space(part: Any) -> Any:
    if not isinstance(part, dict) or part.get("type") == "Prepend":
        return None
    for inner in ("normalizers", "pretokenizers"):
        if inner in part:
            kept = [step for step in map(_without_dummy_space, part[inner]) if step is not None]
            return {**part, inner: kept} if kept else None
    if part.get("type") == "Metaspace":
        return {
            "type": "Metaspace",
            "replacement": part.get("replacement", "▁"),
            "prepend_scheme": "never",
            "split": part.get("split", True),
        }
    if part.get("type") == "ByteLevel":
        return {**part, "add_prefix_space": False}
    return part
