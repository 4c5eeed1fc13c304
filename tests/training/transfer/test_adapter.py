"""An adapter of the base, merged into the instruct model, is the whole transfer: `I + UD = (B + UD) + (I - B)`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.checkpoint import read_manifest, verify
from core.errors import CheckpointError, ConfigError
from training.transfer.request import Request, prepare
from training.transfer.run import carry_out
from training.transfer.verify import recompute

PREFIX = "base_model.model."
TARGETS = ("q_proj", "o_proj", "down_proj")


def write_adapter(folder: Path, model: Path, rank: int = 4, **settings: Any) -> Path:
    """Random factors for some modules of a model, as peft saves them."""
    generator = torch.Generator().manual_seed(1)
    tensors = {}
    for name, weight in load_file(str(model / "model.safetensors")).items():
        module = name.removesuffix(".weight")
        if module.endswith(TARGETS):
            out, into = weight.shape
            tensors[f"{PREFIX}{module}.lora_A.weight"] = torch.randn(rank, into, generator=generator) * 0.1
            tensors[f"{PREFIX}{module}.lora_B.weight"] = torch.randn(out, rank, generator=generator) * 0.1
    folder.mkdir(exist_ok=True)
    save_file(tensors, str(folder / "adapter_model.safetensors"))
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": 8, "bias": "none", "target_modules": list(TARGETS)}
    (folder / "adapter_config.json").write_text(json.dumps(config | {"task_type": "CAUSAL_LM"} | settings))
    return folder


def merged(adapter: Path, model: Path, out: Path, **options: Any) -> Path:
    carry_out(prepare(Request(parents={"adapter": adapter, "instruct": model}, **options)), out, overwrite=True)
    return out


@pytest.fixture
def pair(trio: Any) -> Any:
    for role in ("base", "instruct"):
        trio.make(role, dtype=torch.float32)
    write_adapter(trio.folder / "adapter", trio.parents["base"])
    return trio


def logits(folder: Path) -> torch.Tensor:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        return torch.as_tensor(model(torch.tensor([[5, 60, 200, 7]])).logits)


def test_logits_are_those_of_the_whole_transfer(pair: Any) -> None:
    adapter, folder = pair.folder / "adapter", pair.folder
    pair.parents["pretrained"] = merged(adapter, pair.parents["base"], folder / "pretrained")
    pair.run()
    by_adapter = logits(merged(adapter, pair.parents["instruct"], folder / "by-adapter"))
    assert torch.allclose(by_adapter, logits(folder / "out"), atol=1e-5, rtol=0)
    assert not torch.allclose(by_adapter, logits(pair.parents["instruct"]), atol=1e-2, rtol=0)


def test_logits_are_those_of_peft(pair: Any) -> None:
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    adapter = write_adapter(
        pair.folder / "adapter",
        pair.parents["base"],
        use_rslora=True,
        alpha_pattern={"q_proj": 2, "1.mlp.down_proj": 3},
    )
    model = AutoModelForCausalLM.from_pretrained(pair.parents["instruct"], dtype=torch.float32)
    with torch.no_grad():
        wanted = peft.PeftModel.from_pretrained(model, adapter)(torch.tensor([[5, 60, 200, 7]])).logits
    found = logits(merged(adapter, pair.parents["instruct"], pair.folder / "out"))
    assert torch.allclose(found, wanted, atol=1e-5, rtol=0)


def test_its_manifest_proves_it(pair: Any) -> None:
    out = merged(
        pair.folder / "adapter", pair.parents["instruct"], pair.folder / "out", scales=(0.5,), dtype="bfloat16"
    )
    verify(out)
    record = read_manifest(out).transfer
    assert record is not None
    assert (record.method, record.fates) == ("adapter", {"transferred": 6, "copied": 21})
    recompute(out, {"adapter": pair.folder / "adapter", "instruct": pair.parents["instruct"]})


def test_what_lies_beside_it_goes_before_what_the_model_has(pair: Any) -> None:
    instruct, adapter = pair.parents["instruct"], pair.folder / "adapter"
    (instruct / "tokenizer_config.json").write_text('{"chat_template": "old", "pad_token": "x"}')
    (instruct / "chat_template.json").write_text('{"chat_template": "older"}')
    (instruct / "generation_config.json").write_text('{"eos_token_id": 256, "temperature": 0.5}')
    (adapter / "chat_template.jinja").write_text("new")
    (adapter / "generation_config.json").write_text('{"eos_token_id": [7]}')
    out = merged(adapter, instruct, pair.folder / "out")
    assert (out / "chat_template.jinja").read_text() == "new"
    assert not (out / "chat_template.json").exists()
    assert json.loads((out / "tokenizer_config.json").read_bytes()) == {"pad_token": "x"}
    found = json.loads((out / "generation_config.json").read_bytes())
    assert found == {"eos_token_id": [256, 7], "temperature": 0.5}
    verify(out)
    recompute(out, {"adapter": adapter, "instruct": instruct})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "biases"),
        ({"peft_type": "IA3"}, "LORA"),
    ],
)
def test_what_is_no_sum_is_refused(pair: Any, settings: Any, said: str) -> None:
    write_adapter(pair.folder / "adapter", pair.parents["base"], **settings)
    with pytest.raises(CheckpointError, match=said):
        merged(pair.folder / "adapter", pair.parents["instruct"], pair.folder / "out")


def test_an_adapter_of_another_model_is_refused_with_shapes(pair: Any) -> None:
    pair.make("instruct", hidden_size=16, head_dim=8)
    with pytest.raises(CheckpointError, match=r"\[16, 48\] BF16 in instruct, \[32, 48\] in adapter"):
        merged(pair.folder / "adapter", pair.parents["instruct"], pair.folder / "out")


def test_an_adapter_is_no_model(pair: Any) -> None:
    pair.parents["pretrained"] = pair.folder / "adapter"
    with pytest.raises(CheckpointError, match="--adapter"):
        pair.prepare()
    with pytest.raises(ConfigError, match="no pretrained"):
        prepare(Request(parents={"adapter": pair.folder / "adapter", **pair.parents}))
