"""From a request to token ids that fit the context, with the token at the cursor taken back.

Guarantees: prompt and answer together never exceed the context; what does not fit is cut as `completion/prompt.py`
cuts, so that a prompt too long is never an error; with healing, the answer must begin with `healed`, which are the
last bytes of the prefix and no longer part of the ids.
"""

from __future__ import annotations

import functools
import math

from completion.explaining import explained
from completion.healing import VocabularyIndex
from completion.prompt import build_prompt
from completion.rendering import Rendered, render
from completion.templates import FimTemplate
from core.errors import RequestError
from core.wire import CompletionRequest, PromptPart
from server.tokens.rendering import TokenRenderer

_SHRINK = 0.95
_SPARE = 0.98
_SAMPLE_CHARACTERS = 1500


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
        self._names = {number: name for name, number in renderer.vocabulary.controls.items()}
        self._count = functools.lru_cache(maxsize=256)(self._count_tokens)  # the same for all key strokes of a line

    def make(self, request: CompletionRequest) -> Rendered:
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
        budget = self._budget(request, room)
        while True:
            prompt = build_prompt(request, self._template, budget, in_steps=True)
            rendered = render(prompt, self._renderer.encode, self._renderer.control_id, self._index)
            if len(rendered.ids) <= room:
                return rendered
            # in steps as in `_budget`; ends, since special tokens and one byte of text fit
            steps = max(1, math.ceil(math.log(room / len(rendered.ids), _SHRINK)))
            budget = max(1, int(budget * _SHRINK**steps))

    def explained(self, rendered: Rendered, cached: int) -> tuple[PromptPart, ...]:
        """A prompt that `make` made, part by part; `cached` of its tokens were in the engine's prefix cache."""
        return explained(rendered, self._renderer.vocabulary.tokens, self._names, cached)

    def _budget(self, request: CompletionRequest, room: int) -> int:
        """Bytes that will fill `room` tokens, as this document's own lines near the cursor are tokenized.

        One of a few steps, and from whole lines: a budget that changed with each key stroke would move the prompt's
        beginning, and with it everything in the prefix cache.
        """
        budget = room * self._bytes_per_token
        lines = request.prefix[: request.prefix.rfind("\n") + 1][-_SAMPLE_CHARACTERS:]
        sample = lines + request.suffix[:_SAMPLE_CHARACTERS]
        if len(sample) >= _SAMPLE_CHARACTERS:
            fitting = _SPARE * room * len(sample.encode()) / self._count(sample)
            budget *= _SHRINK ** max(0, math.ceil(math.log(fitting / budget, _SHRINK)))
        return max(1, int(budget))

    def _count_tokens(self, text: str) -> int:
        return max(1, len(self._renderer.encode(text)))
