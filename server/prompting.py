"""From a request to token ids that fit the context, with the token at the cursor taken back.

Guarantees: prompt and answer together never exceed the context; what does not fit is cut as `completion/prompt.py`
cuts, so that a prompt too long is never an error; with healing, the answer must begin with `healed`, which are the
last bytes of the prefix and no longer part of the ids.
"""

from __future__ import annotations

from dataclasses import dataclass

from completion.healing import Healing, VocabularyIndex
from completion.prompt import Prompt, build_prompt
from completion.segments import Segment, Special, Text
from completion.templates import FimTemplate, Slot
from core.errors import RequestError
from core.wire import CompletionRequest
from server.tokens.rendering import TokenRenderer

_TAIL_TOKENS = 16
_SHRINK = 0.95


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """Token ids, and the bytes that the answer must begin with."""

    ids: tuple[int, ...]
    healed: bytes


class PromptMaker:
    """Prompts for one model. `context_tokens` are prompt and answer together."""

    def __init__(
        self,
        renderer: TokenRenderer,
        template: FimTemplate,
        context_tokens: int,
        bytes_per_token: float,
        healing: bool = True,
    ) -> None:
        self._renderer = renderer
        self._template = template
        self._context_tokens = context_tokens
        self._bytes_per_token = bytes_per_token
        self._index = VocabularyIndex(renderer.vocabulary.tokens) if healing else None

    def make(self, request: CompletionRequest) -> RenderedPrompt:
        """The prompt of `request`.

        Raises `RequestError` where `max_new_tokens` leaves no room for a prompt; for nothing else.
        """
        room = self._context_tokens - request.max_new_tokens
        least = len(self._template.special_tokens) + 1
        if room < least:
            raise RequestError(
                f"max_new_tokens is {request.max_new_tokens}, and the context holds {self._context_tokens} tokens; "
                f"ask for at most {self._context_tokens - least}",
                code="max_new_tokens",
            )
        budget = int(room * self._bytes_per_token)
        while True:
            prompt = build_prompt(request, self._template, max(budget, 1))
            rendered = self._rendered(prompt)
            if len(rendered.ids) <= room:
                return rendered
            if budget <= 1:  # only names are left: they go with the pieces
                request = request.model_copy(update={"context": (), "repository": "", "path": "", "prefix": ""})
            budget = int(min(budget * _SHRINK, budget * room / len(rendered.ids)))

    def _rendered(self, prompt: Prompt) -> RenderedPrompt:
        parts = self._renderer.render(prompt.segments)
        healing = Healing(0, b"")
        where = self._prefix_segment(prompt.segments)
        if self._index is not None and where is not None:
            tail = parts[where][-_TAIL_TOKENS:]
            healing = self._index.take_back([self._renderer.vocabulary.tokens[token] for token in tail])
            if healing.healed:
                del parts[where][len(parts[where]) - len(tail) + healing.kept :]
        return RenderedPrompt(tuple(token for part in parts for token in part), healing.healed)

    def _prefix_segment(self, segments: tuple[Segment, ...]) -> int | None:
        """Where the prefix stands: right after the special token that opens it, unless it is empty."""
        hole = self._template.hole
        opening = hole[hole.index(Slot.PREFIX) - 1]
        assert isinstance(opening, Special), f"template {self._template.name} does not open the prefix"
        where = len(segments) - segments[::-1].index(opening)
        return where if where < len(segments) and isinstance(segments[where], Text) else None
