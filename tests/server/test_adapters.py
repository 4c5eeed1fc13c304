"""LoRA adapters: what is refused, and that the real vLLM answers with each as with its merged model."""

from __future__ import annotations

import asyncio
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from core.errors import CheckpointError, RequestError
from server.engines.supervised import SupervisedWorker, Supervision
from server.generation import Job
from server.models.adapters import Adapter, check_adapter, fitting_rank
from server.models.folder import EMBEDDED

PROMPT = tuple(range(200, 260))
NEW_TOKENS = 16


def written(folder: Path, **changes: object) -> Path:
    """A folder that looks like an adapter's."""
    folder.mkdir()
    config = {"peft_type": "LORA", "r": 8, "base_model_name_or_path": "house", **changes}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    header = json.dumps({"weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    return folder


def test_what_an_adapters_folder_says(tmp_path: Path) -> None:
    assert check_adapter(written(tmp_path / "a")) == Adapter(tmp_path / "a", 8, "house")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"peft_type": "IA3"}, "of the kind 'IA3'"),
        ({"r": 512}, "rank 512; at most 256"),
        ({"r": "eight"}, "only LORA is served"),
        ({"modules_to_save": ["lm_head"]}, r"whole layers beside its LoRA \(lm_head\)"),
    ],
)
def test_an_adapter_that_cannot_be_served(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        check_adapter(written(tmp_path / "a", **changes))


def test_files_that_are_missing_or_cut_short(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no adapter_config\.json"):
        check_adapter(tmp_path)
    folder = written(tmp_path / "a")
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="is cut short"):
        check_adapter(folder)
    weights.unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        check_adapter(folder)


@pytest.mark.parametrize(("ranks", "expected"), [((), 8), ((8, 9), 16), ((256,), 256)])
def test_one_rank_fits_all(ranks: tuple[int, ...], expected: int) -> None:
    assert fitting_rank([Adapter(Path(), rank, "") for rank in ranks]) == expected


def trained(folder: Path, seed: int, rank: int) -> tuple[Path, list[int]]:
    """An adapter with random weights for the embedded model, and what transformers answers with it merged."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(EMBEDDED, dtype=torch.float32)
    layers = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model: Any = get_peft_model(
        base, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=layers, init_lora_weights=False)
    )
    model.save_pretrained(folder)
    merged = model.merge_and_unload()
    with torch.no_grad():
        said = merged.generate(
            torch.tensor([PROMPT]), max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=None, pad_token_id=0
        )
    return folder, said[0, len(PROMPT) :].tolist()


@pytest.mark.engine
@pytest.mark.timeout(300)
async def test_the_engine_answers_with_each_adapter_as_with_its_merged_model(tmp_path: Path) -> None:
    adapters = [trained(tmp_path / str(rank), rank, rank) for rank in (4, 8, 16)]
    wrong = written(tmp_path / "wrong")  # its one tensor belongs to no layer
    options: dict[str, Any] = {
        "model": str(EMBEDDED),
        "context_limit": 512,
        "dtype": "float32",
        "eager": True,
        "adapters": 2,
        "adapter_rank": 16,
        "kv_cache_gib": 0.2,
    }
    engine = SupervisedWorker("vllm", options, Supervision(grace_s=5))
    await engine.start()
    try:
        state = engine.state
        while state.status == "starting":
            state = await engine.changed(state)
        assert state.status == "ready", state

        async def answer(number: int, folder: Path | None) -> list[int]:
            job = Job(id=f"{number}", prompt=PROMPT, max_new_tokens=NEW_TOKENS, adapter=str(folder) if folder else "")
            return [token async for output in engine.generate(job) for token in output.tokens]

        plain = await answer(0, None)
        for place in (wrong, tmp_path / "not there"):
            with pytest.raises(RequestError, match="cannot be used"):
                await answer(1, place)
        # more adapters than fit one step, side by side with the plain model
        said = await asyncio.gather(*(answer(2 + n, folder) for n, (folder, _) in enumerate(adapters)), answer(9, None))
        assert said[:3] == [expected for _, expected in adapters]
        assert await answer(10, None) == plain
        assert len({tuple(each) for each in said}) == 4
        assert engine.state.restarts == 0
    finally:
        await engine.close()
