"""Token healing: two ways of making vLLM begin its answer with what was typed of a token, and none.

In one engine, in turns on the same key strokes (`benchmarks/workload.py`), greedy:

    unconstrained   the token at the cursor is not taken back
    allowed ids     a request of one token among those allowed, then one for the rest: what the worker does
    expression      one request, with the typed bytes and anything after them as a regular expression

    python -m benchmarks.healing [--model FOLDER] [--key-strokes 60]
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import percentile, publish
from benchmarks.workload import users
from completion.healing import VocabularyIndex
from completion.rendering import Rendered
from server.models.checks import check_folder, context_limit
from server.models.description import describe
from server.prompting import PromptMaker
from server.tokens.rendering import TokenRenderer
from server.worker.vllm_options import VllmOptions, prepare_environment

MAX_NEW_TOKENS = 24


@dataclass
class Way:
    """Times in milliseconds, and each answer's first token."""

    first_ms: list[float] = field(default_factory=list)
    last_ms: list[float] = field(default_factory=list)
    answers: list[list[int]] = field(default_factory=list)

    def take(self, steps: Iterator[list[int]]) -> None:
        """Run one answer."""
        begin_s = time.perf_counter()
        answer: list[int] = []
        for tokens in steps:
            if not answer:
                self.first_ms.append((time.perf_counter() - begin_s) * 1e3)
            answer += tokens
        self.last_ms.append((time.perf_counter() - begin_s) * 1e3)
        self.answers.append(answer)


class Engine:
    """vLLM's synchronous engine with the worker's arguments, and a tokenizer, which expressions need."""

    def __init__(self, folder: Path, index: VocabularyIndex) -> None:
        options = VllmOptions(model=str(folder), context_limit=context_limit(check_folder(folder), folder))
        prepare_environment(options)
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        from vllm.v1.engine.llm_engine import LLMEngine

        from server.worker.vllm_arguments import engine_arguments

        arguments = engine_arguments(options, on_cpu=True)
        arguments.skip_tokenizer_init = False
        self._engine: Any = LLMEngine.from_engine_args(arguments)
        self._index = index
        self._number = 0

    def unconstrained(self, prompt: Rendered) -> Iterator[list[int]]:
        """Greedy tokens."""
        return self._steps(list(prompt.ids))

    def allowed_ids(self, prompt: Rendered) -> Iterator[list[int]]:
        """Greedy tokens that begin with `prompt.healed`, by constrained requests and one free one."""
        ids, remaining, left = list(prompt.ids), prompt.healed, MAX_NEW_TOKENS
        while remaining:
            for tokens in self._steps(ids, max_tokens=1, allowed_token_ids=self._index.allowed(remaining)):
                yield tokens
                ids, left, remaining = ids + tokens, left - 1, self._index.rest(remaining, tokens[0])
        yield from self._steps(ids, max_tokens=left)

    def expression(self, prompt: Rendered) -> Iterator[list[int]]:
        """Greedy tokens that begin with `prompt.healed`, by a structured output."""
        from vllm.sampling_params import StructuredOutputsParams

        pattern = re.escape(prompt.healed.decode()) + r"[\s\S]*"
        return self._steps(list(prompt.ids), structured_outputs=StructuredOutputsParams(regex=pattern))

    def _steps(self, ids: list[int], max_tokens: int = MAX_NEW_TOKENS, **constraint: Any) -> Iterator[list[int]]:
        from vllm import SamplingParams
        from vllm.inputs import TokensPrompt
        from vllm.sampling_params import RequestOutputKind

        params = SamplingParams(
            temperature=0.0,
            max_tokens=max_tokens,
            ignore_eos=True,
            detokenize=False,
            output_kind=RequestOutputKind.DELTA,
            skip_clone=not constraint.get("structured_outputs"),
            **constraint,
        )
        self._number += 1
        self._engine.add_request(str(self._number), TokensPrompt(prompt_token_ids=ids), params)
        while self._engine.has_unfinished_requests():
            for output in self._engine.step():
                if tokens := list(output.outputs[0].token_ids):
                    yield tokens


def main() -> None:
    """Measure, print, write `results/healing.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("server/embedded_model"), help="a model folder")
    parser.add_argument("--key-strokes", type=int, default=60, help="how many to measure")
    arguments = parser.parse_args()
    renderer = TokenRenderer.from_folder(arguments.model)
    described = describe(arguments.model, renderer, check_folder(arguments.model))
    makers = [
        PromptMaker(renderer, described.template, 2048, described.bytes_per_token, healing=healing)
        for healing in (False, True)
    ]
    engine = Engine(arguments.model, VocabularyIndex(renderer.vocabulary.tokens))
    ways = {"unconstrained": Way(), "allowed ids": Way(), "expression": Way()}
    runs: dict[str, Callable[[Rendered, Rendered], Iterator[list[int]]]] = {
        "unconstrained": lambda plain, _: engine.unconstrained(plain),
        "allowed ids": lambda _, healed: engine.allowed_ids(healed),
        "expression": lambda _, healed: engine.expression(healed),
    }
    (person,) = users(1, 3 * arguments.key_strokes, MAX_NEW_TOKENS, seed=1)
    measured = 0
    for request in person.requests:
        plain, healed = (maker.make(request) for maker in makers)
        if not healed.healed or measured == arguments.key_strokes:
            continue
        order = list(runs)[measured % 3 :] + list(runs)[: measured % 3]
        for tokens in engine.unconstrained(plain):  # so that all three find the same prefix cache
            del tokens
        for name in order:
            ways[name].take(runs[name](plain, healed))
        measured += 1
    rows = [
        [name, *(f"{percentile(times, share):.1f}" for times in (way.first_ms, way.last_ms) for share in (0.5, 0.95))]
        for name, way in ways.items()
    ]
    agree = sum(a == b for a, b in zip(ways["allowed ids"].answers, ways["expression"].answers, strict=True))
    publish(
        "healing",
        f"{described.name}: one user, first and last token, ms; {measured} key strokes",
        ["", "first p50", "first p95", "last p50", "last p95"],
        rows,
        {"ways": {name: vars(way) for name, way in ways.items()}},
        [f"Allowed ids and expression gave the same answer {agree} of {measured} times."],
    )


if __name__ == "__main__":
    main()
