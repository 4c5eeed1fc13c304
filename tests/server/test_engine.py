"""The real vLLM, with small random checkpoints that the tests make."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from tokenizers import Tokenizer

from completion.healing import VocabularyIndex
from server.engines.supervised import SupervisedWorker, Supervision
from server.generation import Job, Output
from server.tokens.vocabulary import load_token_bytes

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

NEW_TOKENS = 24


def make_checkpoint(folder: Path, tokenizer: Tokenizer, family: str = "qwen2") -> Path:
    """Two layers of random weights, wide enough spread that greedy choices do not tie."""
    import torch
    import transformers

    size = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "initializer_range": 0.3,
        "eos_token_id": tokenizer.token_to_id("<|endoftext|>"),
        "bos_token_id": None,
        "tie_word_embeddings": False,
    }
    config_class, model_class = {
        "qwen2": (transformers.Qwen2Config, transformers.Qwen2ForCausalLM),
        "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
        "starcoder2": (transformers.Starcoder2Config, transformers.Starcoder2ForCausalLM),
    }[family]
    torch.manual_seed(0)
    model: Any = model_class(config_class(**size))  # type: ignore[no-untyped-call]
    model.float().save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, qwen_tokenizer: Tokenizer) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint"), qwen_tokenizer)


class LoopEngine:
    """An engine on an event loop that lives as long as the module's tests."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._runner = asyncio.Runner()
        self.engine = SupervisedWorker("vllm", options, Supervision(grace_s=5))
        self._numbers = iter(range(1_000_000))
        self._runner.run(self._start())

    async def _start(self) -> None:
        await self.engine.start()
        state = self.engine.state
        while state.status == "starting":
            state = await self.engine.changed(state)
        assert state.status == "ready", state

    def answers(self, *jobs: dict[str, Any]) -> list[list[Output]]:
        """Run jobs at once; all outputs of each."""

        async def one(fields: dict[str, Any]) -> list[Output]:
            job = Job(id=f"job{next(self._numbers)}", **{"max_new_tokens": NEW_TOKENS, **fields})
            return [output async for output in self.engine.generate(job)]

        async def every() -> list[list[Output]]:
            return list(await asyncio.gather(*map(one, jobs)))

        return self._runner.run(every())

    def tokens(self, **fields: Any) -> list[int]:
        """All tokens of one job."""
        (outputs,) = self.answers(fields)
        return [token for output in outputs for token in output.tokens]

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self._runner.run(self.engine.close())
        self._runner.close()


@contextlib.contextmanager
def loaded(folder: Path, **options: Any) -> Iterator[LoopEngine]:
    engine = LoopEngine(
        {
            "model": str(folder),
            "context_limit": 1024,
            "dtype": "float32",
            "kv_cache_gib": 0.25,
            "eager": True,
            **options,
        }
    )
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Iterator[LoopEngine]:
    """Synchronous, compiled: what a CPU gets by default, in float32."""
    with loaded(checkpoint, eager=False) as running:
        yield running


def reference_answer(folder: Path, prompts: list[list[int]]) -> list[list[int]]:
    import torch
    import transformers

    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    answers = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        made = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),  # else ids that equal the padding's are masked
            max_new_tokens=NEW_TOKENS,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
        answers.append(made[0, len(prompt) :].tolist())
    return answers


def prompts_of_mixed_length(vocabulary: int) -> list[list[int]]:
    rng = random.Random(0)
    lengths = [1, 2, 3, 5, 8, 16, 31, 32, 33, 48, 63, 64, 65, 100, 127, 128, 129, 200, 333, 700]
    return [[rng.randrange(vocabulary) for _ in range(length)] for length in lengths]


def test_greedy_answers_equal_those_of_transformers(
    engine: LoopEngine, checkpoint: Path, qwen_tokenizer: Tokenizer
) -> None:
    prompts = prompts_of_mixed_length(qwen_tokenizer.get_vocab_size())
    expected = reference_answer(checkpoint, prompts)
    alone = [engine.tokens(prompt=prompt) for prompt in prompts]
    assert alone == expected
    together = engine.answers(*({"prompt": prompt} for prompt in prompts))
    assert [[token for output in outputs for token in output.tokens] for outputs in together] == expected


def test_the_prefix_cache_is_used_and_counted(engine: LoopEngine) -> None:
    prompt = list(range(1, 200))
    engine.tokens(prompt=prompt)
    (outputs,) = engine.answers({"prompt": [*prompt, 5]})
    assert outputs[0].cached == 192  # six blocks of 32
    (healed,) = engine.answers({"prompt": [*prompt, 6], "begin_with": b"re"})
    assert healed[0].cached == 192


@pytest.mark.parametrize("begin_with", [b"r", b" ret", b"\n    ", "é".encode()[:1], b"zq~", b"print"])
def test_a_constrained_answer_begins_with_the_bytes_and_goes_on_greedily(
    engine: LoopEngine, checkpoint: Path, begin_with: bytes
) -> None:
    tokens = load_token_bytes(checkpoint)
    index = VocabularyIndex(tokens)
    answer = engine.tokens(prompt=[10, 20, 30], begin_with=begin_with)
    assert len(answer) == NEW_TOKENS
    assert b"".join(tokens[token] for token in answer).startswith(begin_with)
    # the same by hand: the best allowed token at each step, by transformers' own probabilities
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    ids, remaining = [10, 20, 30], begin_with
    for token in answer:
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1]
        allowed = index.allowed(remaining) if remaining else range(len(logits))
        assert token == max(allowed, key=lambda candidate: float(logits[candidate]))
        remaining = index.rest(remaining, token)
        ids.append(token)


def test_stops_and_lengths(engine: LoopEngine) -> None:
    free = engine.tokens(prompt=[1, 2, 3])
    first = engine.answers({"prompt": [1, 2, 3], "stop": [free[3]]})[0]
    assert [token for output in first for token in output.tokens] == free[: free.index(free[3]) + 1]
    assert first[-1].finish == "stop"
    short = engine.answers({"prompt": [1, 2, 3], "max_new_tokens": 2})[0]
    assert [token for output in short for token in output.tokens] == free[:2]
    assert short[-1].finish == "length"
    healed = engine.answers({"prompt": [1, 2, 3], "max_new_tokens": 1, "begin_with": b"re"})[0]
    assert [output.finish for output in healed] == ["length"]


def test_probabilities_are_of_the_constrained_choice(engine: LoopEngine) -> None:
    (outputs,) = engine.answers({"prompt": [1, 2, 3], "begin_with": b"zq~"})
    assert all(logprob <= 1e-6 for output in outputs for logprob in output.logprobs)
    assert sum(len(output.logprobs) for output in outputs) == NEW_TOKENS


def test_seeds_repeat_a_sampled_answer(engine: LoopEngine) -> None:
    def sampled(seed: int) -> list[int]:
        return engine.tokens(prompt=[1, 2, 3], temperature=1.5, seed=seed)

    assert sampled(1) == sampled(1)
    assert sampled(1) != sampled(2)


def test_seeded_prompts_that_take_several_steps_leave_the_engine_alive(engine: LoopEngine) -> None:
    jobs = [
        {"prompt": [seed + 1, *(place % 500 for place in range(900))], "temperature": 1.0, "seed": seed}
        for seed in range(16)
    ]
    answers = engine.answers(*jobs)
    assert all(outputs[-1].finish for outputs in answers)
    assert engine.engine.state.restarts == 0


def test_an_aborted_job_makes_no_more_tokens(engine: LoopEngine) -> None:
    async def leave_early() -> tuple[int, int, int]:
        before = (await engine.engine.stats()).generated_tokens
        job = Job(id="leaving", prompt=(1, 2, 3), max_new_tokens=900)
        async with contextlib.aclosing(engine.engine.generate(job)) as outputs:
            async for _ in outputs:
                break
        while (await engine.engine.stats()).running:
            await asyncio.sleep(0.01)
        made = (await engine.engine.stats()).generated_tokens - before
        other = [output async for output in engine.engine.generate(Job(id="other", prompt=(4,), max_new_tokens=50))]
        total = (await engine.engine.stats()).generated_tokens - before
        return made, total, sum(len(output.tokens) for output in other)

    made, total, others = engine.run(leave_early())
    assert 0 < made < 900
    assert made + others <= total <= made + others + 1  # the step under way when it left


async def test_a_step_that_hangs_is_seen_though_requests_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from vllm import SamplingParams
    from vllm.v1.engine.llm_engine import LLMEngine

    from server.worker.sync_backend import SyncBackend

    released = threading.Event()

    class Hanging:
        model_config = SimpleNamespace(dtype="float32")
        has_unfinished_requests = abort_request = staticmethod(lambda *_: not released.is_set())

        def add_request(self, *_: object, **__: object) -> None: ...

        def step(self) -> list[object]:
            released.wait()
            return []

    monkeypatch.setattr(LLMEngine, "from_engine_args", lambda _: Hanging())
    engine = SyncBackend()
    await engine.load(None)  # type: ignore[arg-type]  # what reads them is replaced above
    seen = 0.0
    for number in range(5):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(anext(engine.stream(str(number), [1], SamplingParams())), 0.1)
        assert engine.stalled_s > seen
        seen = engine.stalled_s
    assert seen > 0.4
    released.set()
    await engine.close()


def test_a_job_that_the_engine_refuses_leaves_it_alive(engine: LoopEngine) -> None:
    from core.errors import RequestError

    with pytest.raises(RequestError, match="the engine refused the request"):
        engine.tokens(prompt=[1] * 2000)
    assert len(engine.tokens(prompt=[1, 2])) == NEW_TOKENS


@pytest.mark.parametrize("family", ["llama", "starcoder2"])
def test_other_families_load_through_the_same_code(tmp_path: Path, qwen_tokenizer: Tokenizer, family: str) -> None:
    folder = make_checkpoint(tmp_path, qwen_tokenizer, family)
    prompts = prompts_of_mixed_length(qwen_tokenizer.get_vocab_size())[3:8]
    with loaded(folder) as running:
        assert [running.tokens(prompt=prompt) for prompt in prompts] == reference_answer(folder, prompts)


@pytest.mark.parametrize("options", [{"mode": "async"}, {"speculate": 3}], ids=["AsyncLLM", "speculation"])
def test_the_same_answers_otherwise(checkpoint: Path, qwen_tokenizer: Tokenizer, options: dict[str, Any]) -> None:
    prompts = prompts_of_mixed_length(qwen_tokenizer.get_vocab_size())[5:10]
    index = VocabularyIndex(load_token_bytes(checkpoint))
    with loaded(checkpoint, **options) as running:
        assert [running.tokens(prompt=prompt) for prompt in prompts] == reference_answer(checkpoint, prompts)
        healed = running.tokens(prompt=prompts[0], begin_with=b" ret")
        assert b"".join(index.tokens[token] for token in healed).startswith(b" ret")

        async def leave_early() -> None:
            job = Job(id="leaving", prompt=(1, 2, 3), max_new_tokens=900)
            async with contextlib.aclosing(running.engine.generate(job)) as outputs:
                async for _ in outputs:
                    break

        running.run(leave_early())
        assert len(running.tokens(prompt=[1, 2])) == NEW_TOKENS


def test_a_checkpoint_that_vllm_does_not_know_is_a_clear_line(checkpoint: Path, tmp_path: Path) -> None:
    for file in checkpoint.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config.update(architectures=["NoSuchForCausalLM"], model_type="no_such_model")
    (tmp_path / "config.json").write_text(json.dumps(config))
    with (
        pytest.raises(AssertionError, match=r"status='failed', detail=.vLLM could not load") as caught,
        loaded(tmp_path),
    ):
        pass
    assert "\\n" not in str(caught.value)


def test_an_answer_of_one_line_ends_with_its_line_feed(engine: LoopEngine, checkpoint: Path) -> None:
    tokens = load_token_bytes(checkpoint)
    for seed in range(20):
        (outputs,) = engine.answers(
            {"prompt": [5, 6, 7], "temperature": 2.0, "seed": seed, "stop_at_line_end": True, "max_new_tokens": 200}
        )
        answer = [token for output in outputs for token in output.tokens]
        assert not any(b"\n" in tokens[token] for token in answer[:-1])
        if outputs[-1].finish == "stop":
            assert b"\n" in tokens[answer[-1]]
            return
    pytest.fail("no answer came to a line feed")


def test_steps_between_the_first_and_the_last_go_out_together() -> None:
    from server.worker.backend import Step
    from server.worker.sync_backend import Gathered

    def step(token: int, finish: Literal["stop"] | None = None) -> Step:
        return Step((token,), (-0.1 * token,), cached=3, queue_ms=0.0, finish=finish)

    gathered = Gathered(every_s=1.0)
    assert gathered.add("a", step(1), 10.0) == step(1)
    assert gathered.add("a", step(2), 10.4) is None
    assert gathered.add("b", step(7), 10.5) == step(7)
    assert gathered.add("a", step(3), 11.0) == Step((2, 3), (-0.2, -0.1 * 3), 3, 0.0, None)
    assert gathered.add("a", step(4), 11.1) is None
    assert gathered.add("a", step(5, "stop"), 11.2) == Step((4, 5), (-0.4, -0.5), 3, 0.0, "stop")
    assert gathered.add("b", step(8), 10.6) is None
    gathered.forget("b")
    assert gathered.add("b", step(9), 10.7) == step(9), "a new request of that name begins anew"
