"""The same prompt, answered greedily by transformers: what the served model must have said.

The prompt and the bytes taken back at the cursor are the server's own (`server/prompting.py`); the forward passes,
the choice of each token and the constraint are done here, one token at a time, in float32 and without any cache.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from completion.healing import VocabularyIndex
from completion.templates import FimTemplate
from core.wire import CompletionRequest, ModelCard
from server.prompting import PromptMaker
from server.tokens.answer import AnswerText
from server.tokens.rendering import TokenRenderer

NEAR_TIE = 1e-3
"""A difference of logits below which float32 on another kernel may choose the other token."""


class Reference:
    """A model folder under transformers."""

    def __init__(self, folder: Path, template: FimTemplate, card: ModelCard) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(1)
        self._torch = torch
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self._model = model.eval()
        self._renderer = TokenRenderer.from_folder(folder)
        self._index = VocabularyIndex(self._renderer.vocabulary.tokens)
        self._prompts = PromptMaker(self._renderer, template, card.context_tokens, card.bytes_per_token)
        stop = self._renderer.control_ids((*template.stop, *template.special_tokens))
        self._stop = {*stop, self._model.config.eos_token_id}

    def answer(self, request: CompletionRequest) -> str | None:
        """The greedy text, or `None` where two tokens tie so nearly that either is right."""
        prompt = self._prompts.make(request)
        tokens = self._renderer.vocabulary.tokens
        text = AnswerText(tokens, prompt.healed, request.single_line)
        ids, remaining = list(prompt.ids), prompt.healed
        for _ in range(request.max_new_tokens):
            with self._torch.no_grad():
                logits = self._model(self._torch.tensor([ids])).logits[0, -1]
            if remaining:
                allowed = self._index.allowed(remaining)
                mask = self._torch.full_like(logits, float("-inf"))
                mask[allowed] = logits[allowed]
                logits = mask
            best, second = logits.topk(2).values.tolist()
            if best - second < NEAR_TIE:
                return None
            token = int(logits.argmax())
            if token in self._stop:
                break
            remaining = self._index.rest(remaining, token) if remaining else b""
            ids.append(token)
            text.add([token], [0.0])
            if text.finish is not None:
                break
        return text.text
