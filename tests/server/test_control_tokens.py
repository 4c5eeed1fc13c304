"""Code that spells a model's control tokens stays text, for every family and on every door."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tokenizers import Tokenizer

from completion.templates import TEMPLATES, FimTemplate, template_named
from core.language_files import load_languages
from server.api.app import create_app
from server.engines.base import Engine, EngineState
from server.generation import EngineFacts, EngineStats, Job, Output
from server.registry.making import single_model
from server.registry.models import Models
from server.registry.models_file import ModelEntry
from server.registry.store import ModelsStore
from server.registry.verification import Verification
from server.service import ModelChoice, Service
from server.tokens.vocabulary import Vocabulary, read_tokenizer_file, vocabulary_of

SENTENCEPIECE = ("codellama", "codestral")


class Recorder(Engine):
    """An engine that keeps its jobs, and says nothing."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        facts = EngineFacts(engine="recorder", context_tokens=4096, dtype="none", token_healing=True, load_s=0)
        self._state = EngineState("ready", "recording", facts)

    @property
    def state(self) -> EngineState:
        return self._state

    async def changed(self, seen: EngineState) -> EngineState:
        if seen == self._state:
            await asyncio.Event().wait()
        return self._state

    async def start(self) -> None:
        pass

    async def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        self.jobs.append(job)
        yield Output(id=job.id, finish="stop")

    async def stats(self) -> EngineStats:
        return EngineStats()

    async def close(self) -> None:
        pass


@pytest.fixture(params=sorted(TEMPLATES))
def template(request: pytest.FixtureRequest) -> FimTemplate:
    return template_named(request.param)


@pytest.fixture
def folder(
    template: FimTemplate,
    tmp_path: Path,
    make_byte_level: Callable[..., Tokenizer],
    make_metaspace: Callable[..., Tokenizer],
) -> Path:
    """A model of the family, with a chat template of its own control tokens."""
    tokens = tuple(dict.fromkeys((*template.special_tokens, *template.stop)))
    if template.name in SENTENCEPIECE:
        tokenizer = make_metaspace(tuple(token for token in tokens if token not in {"<s>", "</s>"}))
    else:
        tokenizer = make_byte_level(tokens[::2], tokens[1::2])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    config = {"architectures": ["Qwen2ForCausalLM"], "max_position_embeddings": 4096}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "vernacular.json").write_text(json.dumps({"name": "family", "template": template.name}))
    header = json.dumps({"weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    begin, end = template.special_tokens[0], template.stop[0]
    source = (
        f"{{% for message in messages %}}{begin}{{{{ message.role }}}}\n{{{{ message.content | trim }}}}{end}"
        f"{{% endfor %}}{begin}assistant\n"
    )
    (tmp_path / "chat_template.jinja").write_text(source)
    return tmp_path


@contextlib.asynccontextmanager
async def application(folder: Path) -> AsyncIterator[tuple[Recorder, httpx.AsyncClient]]:
    engine = Recorder()
    service = Service(ModelChoice(str(folder)), lambda *_: engine)
    file = single_model(ModelEntry(checkpoint=str(folder)))
    models = Models(file, lambda *_: service, verification=Verification(gate="off"))
    running = asyncio.ensure_future(models.run())
    async with asyncio.timeout(20):
        while service.card is None:
            await asyncio.sleep(0.01)
    app = create_app(ModelsStore(models), load_languages())
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            yield engine, client
    finally:
        running.cancel()
        await asyncio.wait((running,))


Body = Callable[[str], dict[str, Any]]

DOORS: dict[str, tuple[str, Body]] = {
    "ours": (
        "/api/v1/complete",
        lambda code: {
            "request_id": "r",
            "session_id": "s",
            "language": "text",
            "prefix": code,
            "suffix": code,
            "path": "a/" + code[:40],
            "context": [{"path": "b", "text": code}],
        },
    ),
    "OpenAI, a text": ("/v1/completions", lambda code: {"prompt": code}),
    "OpenAI, a hole": ("/v1/completions", lambda code: {"prompt": code, "suffix": code}),
    "OpenAI, a conversation": (
        "/v1/chat/completions",
        lambda code: {"messages": [{"role": "system", "content": code}, {"role": "user", "content": code}]},
    ),
    "llama.cpp": (
        "/infill",
        lambda code: {
            "input_prefix": code,
            "input_suffix": code,
            "prompt": code,
            "input_extra": [{"filename": code[:40], "text": code}],
        },
    ),
    "Tabby": (
        "/tabby/v1/completions",
        lambda code: {
            "segments": {
                "prefix": code,
                "suffix": code,
                "filepath": code[:40],
                "git_url": "https://host/" + code[:20],
                "clipboard": code,
                "declarations": [{"filepath": "c", "body": code}],
            }
        },
    ),
    "Ollama, a hole": ("/api/generate", lambda code: {"model": "family", "prompt": code, "suffix": code}),
    "Ollama, a conversation": ("/api/generate", lambda code: {"model": "family", "prompt": code, "system": code}),
    "Ollama, raw": ("/api/generate", lambda code: {"model": "family", "prompt": code, "raw": True}),
}


async def test_text_that_spells_control_tokens_stays_text(folder: Path, template: FimTemplate) -> None:
    vocabulary = vocabulary_of(read_tokenizer_file(folder))
    tokens = tuple(dict.fromkeys((*template.special_tokens, *template.stop)))
    hostile = "".join(f"{token} x{token}{token[:-1]}\n" for token in tokens)
    async with application(folder) as (engine, client):
        for door, (path, body) in DOORS.items():
            for code in ("plain text\n", hostile):
                response = await client.post(path, json=body(code))
                assert response.status_code == 200, (door, response.text)
            harmless, spelled = engine.jobs[-2:]
            assert controls_of(spelled, vocabulary) == controls_of(harmless, vocabulary), door
            text = b"".join(vocabulary.tokens[token] for token in spelled.prompt).decode(errors="replace")
            assert text.count(tokens[-1].replace("▁", " ")) >= 2 or "▁" in tokens[-1], door


async def test_a_chat_template_that_joins_its_text_with_a_persons_makes_no_control_token(
    folder: Path, template: FimTemplate
) -> None:
    vocabulary = vocabulary_of(read_tokenizer_file(folder))
    token = template.special_tokens[-1]
    half = len(token) // 2
    source = f"{{% for message in messages %}}{token[:half]}{{{{ message.content }}}}{token[half:]}{{% endfor %}}"
    (folder / "chat_template.jinja").write_text(source)
    async with application(folder) as (engine, client):
        for content in (token[half:], token[:half], token):
            body = {"messages": [{"role": "user", "content": content}]}
            assert (await client.post("/v1/chat/completions", json=body)).status_code == 200
            assert not controls_of(engine.jobs[-1], vocabulary)


def controls_of(job: Job, vocabulary: Vocabulary) -> Counter[int]:
    return Counter(token for token in job.prompt if token in set(vocabulary.controls.values()))
