"""A checkpoint on this machine, in the server's own engine: the same worker, prompts and text as its users get.

A hole is asked for by `server/completer.py`; a text or a conversation goes to the engine with the same tokenizer. In a
conversation only the chat template's own words are special tokens, never what a task's text holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Sequence

from pydantic import JsonValue

from completion.healing import VocabularyIndex
from completion.prompt import Prompt as LaidOut
from completion.rendering import Rendered, render
from completion.segments import Segment, Special, Text
from completion.templates import FimTemplate
from core.checkpoint import model_files_sha256
from core.errors import CheckpointError, ConfigError, EngineError, RequestError, TemplateError, UnavailableError
from core.wire import ModelCard
from evaluation.models.base import Chat, Continue, Drawing, Infill, Model, Prompt, Reply, Report, completion_request
from evaluation.models.chat import ChatTemplate
from server.answering import Answer, answer
from server.completer import Completer
from server.engines.base import Engine
from server.engines.registry import engine_named
from server.generation import EngineFacts, Job
from server.models.checks import check_context, check_folder, context_limit
from server.models.description import ModelDescription, describe
from server.models.end_tokens import end_tokens
from server.models.folder import hub_folder, local_folder
from server.tokens.rendering import TokenRenderer

_TRIES = 4
"""How often a prompt is asked again after the engine died under it."""


class LocalModel(Model):
    """`model` is a folder, a hub id, or `None` for the embedded model. `options` are the engine's.

    Raises `ConfigError` or `CheckpointError` for a model that is not there.
    """

    def __init__(
        self, model: str | None = None, template: str | None = None, options: dict[str, JsonValue] | None = None
    ) -> None:
        self._named = model
        self._wanted_template = template
        self._options = options or {}
        self._completer: Completer | None = None
        self._fim: FimTemplate | None = None
        self._engine: Engine | None = None
        self._numbers = itertools.count()
        if found := local_folder(model):
            check_folder(found)

    async def start(self, report: Report) -> None:
        """Start the engine and wait until it is ready."""
        folder = local_folder(self._named)
        if folder is None:
            assert self._named is not None
            folder = await asyncio.to_thread(hub_folder, self._named, report)
        config = check_folder(folder)
        limit = context_limit(config, folder)
        wanted = self._options.get("max_model_len")
        check_context(wanted if isinstance(wanted, int) else None, limit, folder)
        self._engine = engine_named("vllm", {**self._options, "model": str(folder), "context_limit": limit})
        await self._engine.start()
        self._renderer = await asyncio.to_thread(TokenRenderer.from_folder, folder)
        self.folder, self.name = str(folder), self._named or folder.name
        self.files_sha256 = await asyncio.to_thread(model_files_sha256, folder)
        self._ends = end_tokens(folder, config)
        self._chat = ChatTemplate(folder, self._renderer)
        facts = await self._ready(report)
        self.engine, self._context_tokens = f"{facts.engine}, {facts.dtype}", facts.context_tokens
        self._index = VocabularyIndex(self._renderer.vocabulary.tokens) if facts.token_healing else None
        try:
            described = describe(folder, self._renderer, config, self._named, self._wanted_template)
        except TemplateError:  # a model for conversations alone
            if self._wanted_template:
                raise
            return
        self._fim, self.name, self.template = described.template, described.name, described.template.name
        self._completer = self._new_completer(described, facts)

    async def ask(self, prompt: Prompt, drawing: Drawing) -> Reply:
        """See `Model.ask`. Where the engine dies, it is waited for, a few times."""
        for tried in range(1, _TRIES + 1):
            try:
                return await self._ask(prompt, drawing)
            except EngineError:
                if tried == _TRIES:
                    raise
            except UnavailableError:
                pass
            await self._ready(lambda _: None)
        raise UnavailableError("the engine is not ready, although it said so")

    async def close(self) -> None:
        """Stop the engine."""
        if self._engine is not None:
            await self._engine.close()

    async def _ask(self, prompt: Prompt, drawing: Drawing) -> Reply:
        assert self._engine is not None
        tokens: Sequence[bytes] = self._renderer.vocabulary.tokens
        match prompt:
            case Infill():
                job = await self._infill(prompt, drawing)
            case Continue():
                job = self._job(self._continuation(prompt), drawing)
            case Chat():
                job = self._job(Rendered(self._renderer.ids_of(self._chat.segments(prompt.messages)), b""), drawing)
                tokens = self._chat.tokens
        async with contextlib.aclosing(answer(self._engine, job, tokens, stop=drawing.stop)) as parts:
            async for part in parts:
                if isinstance(part, Answer):
                    return self._reply(job, part)
        raise EngineError("the engine ended an answer without an end")

    async def _infill(self, hole: Infill, drawing: Drawing) -> Job:
        if self._completer is None:
            raise ConfigError(
                f"no fill-in-the-middle template is known for {self.name}; choose one with --template, or a strategy "
                f"that needs none"
            )
        request = completion_request(hole, drawing, f"evaluate-{next(self._numbers)}")
        return self._completer.job(request, await self._completer.prompt(request))

    def _job(self, prompt: Rendered, drawing: Drawing) -> Job:
        needed = len(prompt.ids) + drawing.max_new_tokens
        if needed > self._context_tokens:
            raise RequestError(
                f"the prompt has {len(prompt.ids)} tokens and the answer may have {drawing.max_new_tokens}; the "
                f"context holds {self._context_tokens}",
                code="context",
            )
        return Job(
            id=f"text-{next(self._numbers)}",
            prompt=tuple(prompt.ids),
            begin_with=prompt.healed,
            max_new_tokens=drawing.max_new_tokens,
            stop=self._ends,
            temperature=drawing.temperature,
            seed=drawing.seed,
        )

    def _continuation(self, prompt: Continue) -> Rendered:
        start = tuple(part for part in (self._fim.start if self._fim else ()) if isinstance(part, Special | Text))
        segments: tuple[Segment, ...] = (*start, Text(prompt.text))
        laid_out = LaidOut(segments, prompt.text, "", (), len(segments) - 1 if prompt.text else None)
        return render(laid_out, self._renderer.encode, self._renderer.control_id, self._index)

    def _reply(self, job: Job, done: Answer) -> Reply:
        return Reply(
            prompt=self._shown(job.prompt) + job.begin_with.decode(errors="replace"),
            text=done.text,
            finish=done.finish,
            prompt_tokens=len(job.prompt),
            new_tokens=done.new_tokens,
            total_ms=done.total_ms,
            first_token_ms=done.first_token_ms,
            confidence=done.confidence,
        )

    def _shown(self, ids: Sequence[int]) -> str:
        names = {index: name for name, index in self._renderer.vocabulary.controls.items()}
        tokens = self._renderer.vocabulary.tokens
        return b"".join(names[token].encode() if token in names else tokens[token] for token in ids).decode(
            errors="replace"
        )

    def _new_completer(self, described: ModelDescription, facts: EngineFacts) -> Completer:
        assert self._engine is not None
        card = ModelCard(
            name=described.name,
            context_tokens=facts.context_tokens,
            bytes_per_token=described.bytes_per_token,
            template=described.template.name,
            token_healing=facts.token_healing,
        )
        return Completer(self._engine, self._renderer, described.template, card, self._ends)

    async def _ready(self, report: Report) -> EngineFacts:
        assert self._engine is not None
        state = self._engine.state
        while state.facts is None or state.status != "ready":
            if state.status == "failed":
                raise CheckpointError(state.detail)
            report(state.detail)
            state = await self._engine.changed(state)
        return state.facts
