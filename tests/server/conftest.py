"""Small tokenizers and checkpoints made on the spot, and the whole server on a real socket with a scripted engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from core.language_files import load_languages
from core.wire import CompletionRequest
from server.access.opening import open_gate
from server.api.entry import Traces
from server.config.schema import ServerConfig
from server.engines.base import Engine
from server.engines.supervised import SupervisedWorker, Supervision
from server.main import Server, bound_socket, create_app_server, serve, url_of
from server.registry.making import single_model
from server.registry.models import Models
from server.registry.models_file import ModelEntry
from server.registry.store import ModelsStore
from server.registry.verification import Verification
from server.service import ModelChoice, Service
from server.telemetry.collector import Telemetry

SAMPLE = Path(__file__).read_text(encoding="utf-8")

QWEN_TOKENS = (
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
)

Script = dict[str, Any]


def byte_level_tokenizer(special: tuple[str, ...], plain_added: tuple[str, ...] = ()) -> Tokenizer:
    """A byte-level BPE tokenizer like Qwen2.5-Coder's or StarCoder2's: `plain_added` are declared not special."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [SAMPLE], trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    )
    tokenizer.add_special_tokens(list(special))
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False) for token in plain_added])
    return tokenizer


def metaspace_tokenizer(special: tuple[str, ...]) -> Tokenizer:
    """A SentencePiece-like BPE tokenizer with byte fall-back and a dummy space, like Code Llama's or Codestral's."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator(
        [SAMPLE],
        trainers.BpeTrainer(vocab_size=900, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False),
    )
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [token for token in data["added_tokens"] if not token["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.add_special_tokens(list(special))
    return tokenizer


@pytest.fixture(scope="session")
def make_byte_level() -> Callable[..., Tokenizer]:
    return byte_level_tokenizer


@pytest.fixture(scope="session")
def make_metaspace() -> Callable[..., Tokenizer]:
    return metaspace_tokenizer


@pytest.fixture(scope="session")
def qwen_tokenizer() -> Tokenizer:
    """Like Qwen2.5-Coder's: only the end token is declared special."""
    return byte_level_tokenizer(QWEN_TOKENS[:1], QWEN_TOKENS[1:])


@pytest.fixture
def model_folder(tmp_path: Path, qwen_tokenizer: Tokenizer) -> Path:
    """A folder that passes every check and holds no model worth loading."""
    folder = tmp_path / "tiny-model"
    folder.mkdir()
    qwen_tokenizer.save(str(folder / "tokenizer.json"))
    config = {"architectures": ["Qwen2ForCausalLM"], "max_position_embeddings": 2048, "eos_token_id": 600}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vernacular.json").write_text(json.dumps({"name": "tiny", "template": "embedded-spm"}))
    header = json.dumps({"weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    return folder


@pytest.fixture
def request_with() -> Callable[..., dict[str, Any]]:
    """The JSON of a request, with some fields changed."""

    def make(**changes: object) -> dict[str, Any]:
        fields = {"request_id": "r1", "session_id": "s1", "language": "text", "prefix": "def total(rows):\n    ret"}
        return CompletionRequest.model_validate({**fields, **changes}).model_dump(mode="json")

    return make


class RunningServer:
    """A whole server on a free port of the loopback interface, with a scripted engine in a real worker process."""

    def __init__(self, models: Models, url: str, http: Server) -> None:
        service = models.default
        assert isinstance(service, Service)
        self.models = models
        self.service = service
        self.http = http
        self.client = httpx.AsyncClient(base_url=url, timeout=20)

    @property
    def engine(self) -> SupervisedWorker:
        assert isinstance(self.service.engine, SupervisedWorker)
        return self.service.engine

    async def until(self, status: str) -> None:
        """Wait until the service's state has this status."""
        await eventually(lambda: self.service.state.status == status)


async def eventually(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    """Poll until `condition` holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    return eventually


@pytest.fixture
def start_server(model_folder: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[RunningServer]]:
    """`async with start_server(answer=[...]) as server`: the keywords are the engine's script."""

    @contextlib.asynccontextmanager
    async def start(
        ready: bool = True,
        times: Supervision | None = None,
        template: str | None = None,
        telemetry: Telemetry | None = None,
        config: ServerConfig | None = None,
        traces: Traces | None = None,
        **script: object,
    ) -> AsyncIterator[RunningServer]:
        config = config or ServerConfig()

        def engine(folder: Path, _: int) -> Engine:
            return SupervisedWorker("scripted", {"model": str(folder), **script}, times)  # type: ignore[dict-item]

        def make(_: str, entry: ModelEntry) -> Service:
            return Service(ModelChoice(entry.checkpoint, entry.template), engine)

        file = single_model(ModelEntry(checkpoint=str(model_folder), template=template))
        store = ModelsStore(Models(file, make, verification=Verification(gate="off")))
        with bound_socket("127.0.0.1", 0) as listening:
            uvicorn_server = create_app_server(store, load_languages(), telemetry, config, open_gate(config), traces)
            running = asyncio.ensure_future(serve(store, uvicorn_server, listening))
            url = url_of(listening, tls=config.listen.tls_certificate is not None)
            server = RunningServer(store.models, url, uvicorn_server)
            try:
                await eventually(lambda: uvicorn_server.started or running.done())
                if ready:
                    await eventually(lambda: server.service.state.status == "ready" or running.done())
                yield server
            finally:
                await server.client.aclose()
                uvicorn_server.should_exit = True
                await running

    return start


@pytest.fixture
def ids_of(qwen_tokenizer: Tokenizer) -> Callable[[str], list[int]]:
    """Token ids of a text in the scripted engine's vocabulary; control tokens are recognised."""

    def ids(text: str) -> list[int]:
        return list(qwen_tokenizer.encode(text, add_special_tokens=False).ids)

    return ids


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test asks a model hub."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield
