"""A checkpoint folder as a predictor: transformers, greedy, healed at the cursor, on a CPU or a GPU.

Prompts are laid out by `completion/prompt.py` and rendered as the server renders them. Prompts of similar length run
together with a key-value cache. Greedy in float32, so that a run can be repeated; rows that run together may differ
from rows alone where two tokens tie within rounding.
"""

# ruff: noqa: N803, N806  (names of tensors end in their shape: B rows, T tokens, V the vocabulary)
from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from completion.healing import VocabularyIndex
from completion.prompt import Prompt, build_prompt
from completion.rendering import render
from completion.segments import Text, merged
from completion.templates import FimTemplate, Slot, template_named
from core.cores import usable_cores
from core.errors import CheckpointError
from core.wire import CompletionRequest
from evaluation.heldout.positions import HeldOutDocument, InfillTask
from evaluation.heldout.predictors import Prediction
from server.tokens.rendering import TokenRenderer

LEFT_TO_RIGHT = FimTemplate("left-to-right", hole=(Slot.PREFIX,), stop=("<|endoftext|>",))
"""No hole: the model goes on where the prefix ends, and never sees what comes after."""

BATCH = 8
SINGLE_LINE_TOKENS = 64
TOKENS_PER_LINE = 40
_BYTES_PER_TOKEN = 3.2


@dataclass(slots=True)
class _Row:
    """One task on its way: `ids` is the prompt, `remaining` what the answer must still begin with."""

    number: int
    ids: list[int]
    healed: bytes
    lines: int
    most: int
    remaining: bytes = b""
    answer: bytes = b""
    logarithms: list[float] = field(default_factory=list)
    done: bool = False

    def prediction(self) -> Prediction:
        text = self.answer[len(self.healed) :].decode(errors="ignore")
        confidence = math.exp(sum(self.logarithms) / len(self.logarithms)) if self.logarithms else 0.0
        return Prediction("\n".join(text.split("\n")[: self.lines]), confidence)


class Checkpoint:
    """A model folder. Raises `CheckpointError` or `TemplateError` where it cannot be loaded or does not fit.

    `template` is a template's name, or `left-to-right`. `context_tokens` bounds prompt and answer together.
    With `typed_after_middle`, what is typed on the current line stands behind the middle token, where the model goes on
    (templates that end with a middle token only). `threads` of 0: as many as the machine has free cores.
    """

    def __init__(
        self,
        folder: Path,
        template: str,
        *,
        heal: bool = True,
        typed_after_middle: bool = False,
        context_tokens: int = 1024,
        threads: int = 0,
        name: str = "",
    ) -> None:
        self._renderer = TokenRenderer.from_folder(folder)
        self.template = LEFT_TO_RIGHT if template == LEFT_TO_RIGHT.name else template_named(template)
        if self.template is not LEFT_TO_RIGHT:
            self._renderer.check(self.template)
        torch.set_num_threads(threads or free_cores())
        self._model = _load(folder)
        self._index = VocabularyIndex(self._renderer.vocabulary.tokens)
        self._heal = heal
        self._after_middle = typed_after_middle and not self.template.prefix_is_last
        self.context_tokens = min(context_tokens, int(self._model.config.max_position_embeddings))
        self.parameters = sum(parameter.numel() for parameter in self._model.parameters())
        marks = ("" if heal else ", not healed") + (", typed part after the middle token" if self._after_middle else "")
        self.name = name or f"model, {template}{marks}"

    def predict(self, tasks: Sequence[InfillTask], progress: Callable[[int], None]) -> list[Prediction]:
        """See `evaluation.heldout.predictors.Predictor`."""
        rows = sorted((self._row(number, task) for number, task in enumerate(tasks)), key=lambda row: len(row.ids))
        predictions: dict[int, Prediction] = {}
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            self._generate(batch)
            predictions |= {row.number: row.prediction() for row in batch}
            progress(len(batch))
        return [predictions[number] for number in range(len(tasks))]

    def bits_per_byte(
        self, documents: Sequence[HeldOutDocument], most_bytes: int = 16_384, progress: Callable[[int], object] = id
    ) -> float:
        """Bits per UTF-8 byte over the first `most_bytes` of each document, left to right.

        A window is `context_tokens` long and steps by half, so that each token but the first half of a document's first
        window is predicted from at least half a window. A document's first token is not predicted and not counted.
        """
        bits = counted = 0.0
        for document in documents:
            text = document.text.encode()[:most_bytes].decode(errors="ignore")
            ids = self._renderer.encode(text)
            sizes = [len(self._index.tokens[token]) for token in ids]
            known, step = 1, self.context_tokens // 2
            for start in range(0, max(len(ids) - step, 1), step):
                window = ids[start : start + self.context_tokens]
                first = known - start
                bits += self._bits(window, first) if first < len(window) else 0.0
                known = start + len(window)
            counted += sum(sizes[1:])
            progress(1)
        return bits / counted if counted else math.nan

    def _row(self, number: int, task: InfillTask) -> _Row:
        most = SINGLE_LINE_TOKENS if task.lines == 1 else TOKENS_PER_LINE * task.lines
        room = self.context_tokens - most
        budget = int(room * _BYTES_PER_TOKEN)
        while True:
            rendered = render(
                self._prompt(task, budget),
                self._renderer.encode,
                self._renderer.vocabulary.controls.__getitem__,
                self._index if self._heal else None,
            )
            if len(rendered.ids) <= room:
                break
            budget = max(1, int(budget * min(0.95, room / len(rendered.ids))))
        ids = rendered.ids or [*self._renderer.control_ids(LEFT_TO_RIGHT.stop)][:1] or [0]
        return _Row(number, ids, rendered.healed, task.lines, most, remaining=rendered.healed)

    def _prompt(self, task: InfillTask, budget_bytes: int) -> Prompt:
        line_start = task.document.text.rfind("\n", 0, task.start) + 1
        typed = task.document.text[line_start : task.start] if self._after_middle else ""
        request = CompletionRequest(
            request_id="infill",
            session_id="infill",
            language=task.document.language,
            path=task.document.path,
            repository=task.document.package,
            prefix=task.document.text[: task.start - len(typed)][-budget_bytes:],
            suffix=task.suffix[:budget_bytes],
        )
        prompt = build_prompt(request, self.template, max(budget_bytes - len(typed.encode()), 1))
        if not typed:
            return prompt
        segments = merged((*prompt.segments, Text(typed)))
        return replace(prompt, segments=segments, prefix=typed, prefix_segment=len(segments) - 1)

    @torch.inference_mode()
    def _generate(self, rows: list[_Row]) -> None:
        """Fill in `answer` of each row; rows are padded on the left."""
        width = max(len(row.ids) for row in rows)
        ids_BT = torch.tensor([[0] * (width - len(row.ids)) + row.ids for row in rows], device=self._model.device)
        mask_BT = torch.tensor(
            [[0] * (width - len(row.ids)) + [1] * len(row.ids) for row in rows], device=self._model.device
        )
        positions_BT = (mask_BT.cumsum(1) - 1).clamp(min=0)
        cache = None
        while True:
            output = self._model(
                input_ids=ids_BT,
                attention_mask=mask_BT,
                position_ids=positions_BT,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = output.past_key_values
            next_B = [self._take(row, output.logits[place, -1].float()) for place, row in enumerate(rows)]
            if all(row.done for row in rows):
                return
            ids_BT = torch.tensor(next_B, device=self._model.device)[:, None]
            mask_BT = torch.cat([mask_BT, torch.ones_like(ids_BT)], dim=1)
            positions_BT = positions_BT[:, -1:] + 1

    def _take(self, row: _Row, logits_V: torch.Tensor) -> int:
        """Choose the row's next token; the id to feed next (any, once the row is done)."""
        if row.done:
            return 0
        if row.remaining:
            allowed = torch.tensor(self._index.allowed(row.remaining), device=logits_V.device)
            token = int(allowed[logits_V[allowed].argmax()])
            logarithm = logits_V[token] - logits_V[allowed].logsumexp(0)
            row.remaining = self._index.rest(row.remaining, token)
        else:
            token = int(logits_V.argmax())
            logarithm = logits_V[token] - logits_V.logsumexp(0)
        row.logarithms.append(float(logarithm))
        data = self._index.tokens[token] if token < len(self._index.tokens) else b""
        row.answer += data
        ended = not data or row.answer.count(b"\n", len(row.healed)) >= row.lines
        row.done = ended or len(row.logarithms) >= row.most
        return token

    @torch.inference_mode()
    def _bits(self, ids: list[int], first: int) -> float:
        """Bits of the tokens `ids[first:]`, each predicted from those before it."""
        ids_T = torch.tensor(ids, device=self._model.device)
        logits_TV = self._model(input_ids=ids_T[None], use_cache=False).logits[0].float()
        losses = torch.nn.functional.cross_entropy(logits_TV[first - 1 : -1], ids_T[first:], reduction="sum")
        return float(losses) / math.log(2)


def free_cores() -> int:
    """Cores that nobody uses now, at least 1. A busy core stalls every thread of a small model at each barrier."""
    cores = usable_cores()
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, cores - math.ceil(busy - 0.3))


def _load(folder: Path) -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as problem:
        first_line = str(problem).strip().split("\n")[0]
        raise CheckpointError(
            f"{folder} cannot be loaded: {first_line}; a transformers model folder is needed"
        ) from None
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
