"""What the layout of a prompt costs and gives while one types, and what looking up n-grams in the prompt gives.

Two parts, with the embedded model and held-out files. Exact match of the rest of a line, each layout at the same
positions, by transformers. Then a person types on in the middle of files, key stroke by key stroke, each waiting for
the answer: through the server's own prompts, healing and worker, on one core, the variants in turns. What is counted
is the prompt tokens that were not in the prefix cache, and the time to the last token.

    python -m benchmarks.typing_layouts HELDOUT.jsonl [--positions 200] [--files 8] [--keys 30]
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from benchmarks.report import percentile, publish
from completion.templates import FimTemplate, for_typing, template_named
from core.language_files import load_languages
from core.wire import CompletionRequest, CompletionResult, ModelCard
from evaluation.heldout.positions import HeldOutDocument, Kind, read_heldout, sample_tasks
from server.completer import Completer
from server.engines.supervised import SupervisedWorker
from server.models.checks import check_folder, context_limit
from server.models.description import describe
from server.models.end_tokens import end_tokens
from server.tokens.rendering import TokenRenderer

MODEL = Path("server/embedded_model")
SEED = 11
MAX_NEW_TOKENS = 24
PREFIX_CHARACTERS, SUFFIX_CHARACTERS = 1500, 600
SPECULATED = 4


@dataclass(frozen=True, slots=True)
class Variant:
    """A layout, and how many tokens are speculated at once."""

    name: str
    template: FimTemplate
    speculate: int = 0


PSM = template_named("embedded-psm")
VARIANTS = (
    Variant("suffix, prefix, middle token, typed", template_named("embedded-spm")),
    Variant("prefix, suffix, middle token", PSM),
    Variant("prefix, suffix, middle token, typed", for_typing(PSM)),
    Variant(f"the first, with {SPECULATED} tokens looked up", template_named("embedded-spm"), SPECULATED),
)


@dataclass(slots=True)
class Typed:
    """What one variant's key strokes were answered with, but for the first of each file."""

    computed: list[int] = field(default_factory=list)
    prompt: list[int] = field(default_factory=list)
    last_ms: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, result: CompletionResult) -> None:
        """One key stroke's answer."""
        self.computed.append(result.tokens.computed)
        self.prompt.append(result.tokens.prompt)
        self.last_ms.append(result.timings.total_ms)
        self.texts.append(result.text)


def main() -> None:
    """Measure, print, write `results/typing_layouts.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heldout", type=Path, help="JSONL of held-out documents of one language")
    parser.add_argument("--positions", type=int, default=200, help="positions for exact match")
    parser.add_argument("--files", type=int, default=8, help="files that are typed in")
    parser.add_argument("--keys", type=int, default=30, help="key strokes in each")
    arguments = parser.parse_args()
    documents = read_heldout(arguments.heldout)
    typed = asyncio.run(typing(documents, arguments.files, arguments.keys))
    exact = exact_matches(documents, arguments.positions)
    rows = [[each.name, *_cells(typed[each.name], exact.get(each.name))] for each in VARIANTS]
    plain, speculated = typed[VARIANTS[0].name], typed[VARIANTS[-1].name]
    same = sum(a == b for a, b in zip(plain.texts, speculated.texts, strict=True))
    publish(
        "typing_layouts",
        f"{arguments.files} files, {arguments.keys} key strokes each; exact match at {arguments.positions} positions",
        ["", "exact match", "prompt tokens computed", "last p50 ms", "last p95 ms"],
        rows,
        {
            "typed": {name: _data(each) for name, each in typed.items()},
            "exact": {name: list(map(int, hits)) for name, hits in exact.items()},
        },
        [f"With n-grams looked up the text was the same {same} of {len(plain.texts)} times."],
    )


def exact_matches(documents: Sequence[HeldOutDocument], positions: int) -> dict[str, list[bool]]:
    """Whether the rest of the line was met, at each position, for each layout."""
    from evaluation.heldout.checkpoint import Checkpoint

    spec = load_languages().named(documents[0].language)
    tasks = sample_tasks(documents, spec, Kind.SINGLE_LINE, positions, SEED)
    hits: dict[str, list[bool]] = {}
    for variant in VARIANTS:
        if not variant.speculate:
            checkpoint = Checkpoint(MODEL, variant.template.name, threads=1)
            checkpoint.template = variant.template
            found = checkpoint.predict(tasks, lambda _: None)
            hits[variant.name] = [each.text == task.target for each, task in zip(found, tasks, strict=True)]
    return hits


async def typing(documents: Sequence[HeldOutDocument], files: int, keys: int) -> dict[str, Typed]:
    """All variants in turns, a file after the other."""
    engines = {speculate: await _started(speculate) for speculate in {each.speculate for each in VARIANTS}}
    try:
        completers = {each.name: _completer(each, engines[each.speculate]) for each in VARIANTS}
        typed = {each.name: Typed() for each in VARIANTS}
        long = [each for each in documents if len(each.text) > 2 * (PREFIX_CHARACTERS + SUFFIX_CHARACTERS)]
        for number, document in enumerate(long[:files]):
            for variant in VARIANTS:
                # a first line of its own, or a variant would find another one's prompts in the cache
                mark = f"// {VARIANTS.index(variant)}\n"
                for key, request in enumerate(_requests(document, keys, mark, f"{number}")):
                    result = await _answered(completers[variant.name], request)
                    if key:
                        typed[variant.name].add(result)
        return typed
    finally:
        for engine in engines.values():
            await engine.close()


def _requests(document: HeldOutDocument, keys: int, mark: str, session: str) -> list[CompletionRequest]:
    text = document.text
    start = text.rindex("\n", 0, len(text) // 2) + 1
    end = text.find("\n", start + keys)
    return [
        CompletionRequest(
            request_id=f"{session}-{key}",
            session_id=session,
            language=document.language,
            prefix=mark + text[max(start - PREFIX_CHARACTERS, 0) : start + key],
            suffix=text[end : end + SUFFIX_CHARACTERS],
            max_new_tokens=MAX_NEW_TOKENS,
        )
        for key in range(keys + 1)
    ]


async def _started(speculate: int) -> SupervisedWorker:
    limit = context_limit(check_folder(MODEL), MODEL)
    options: dict[str, JsonValue] = {"model": str(MODEL), "context_limit": limit, "threads": 1, "speculate": speculate}
    engine = SupervisedWorker("vllm", {**options, "kv_cache_gib": 0.25})
    await engine.start()
    state = engine.state
    while state.status != "ready":
        if state.status == "failed":
            raise SystemExit(f"error: {state.detail}")
        state = await engine.changed(state)
    return engine


def _completer(variant: Variant, engine: SupervisedWorker) -> Completer:
    config = check_folder(MODEL)
    renderer = TokenRenderer.from_folder(MODEL)
    described = describe(MODEL, renderer, config)
    facts = engine.state.facts
    assert facts is not None
    card = ModelCard(
        name=described.name,
        context_tokens=facts.context_tokens,
        bytes_per_token=described.bytes_per_token,
        template=variant.template.name,
        token_healing=True,
    )
    return Completer(engine, renderer, variant.template, card, end_tokens(MODEL, config))


async def _answered(completer: Completer, request: CompletionRequest) -> CompletionResult:
    async for item in completer.complete(request):
        if isinstance(item, CompletionResult):
            return item
    raise AssertionError("an answer always ends with a result")


def _cells(typed: Typed, exact: list[bool] | None) -> list[str]:
    return [
        f"{sum(exact) / len(exact):.1%}" if exact else "",
        f"{sum(typed.computed) / sum(typed.prompt):.1%}",
        f"{percentile(typed.last_ms, 0.5):.1f}",
        f"{percentile(typed.last_ms, 0.95):.1f}",
    ]


def _data(typed: Typed) -> dict[str, list[int] | list[float]]:
    return {"computed": typed.computed, "prompt": typed.prompt, "last_ms": typed.last_ms}


if __name__ == "__main__":
    main()
