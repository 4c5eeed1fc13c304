"""From a base and its sibling to a model that knows the language: pre-trained, transferred, by adapter as well."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from completion.templates import TEMPLATES
from core.checkpoint import read_manifest, verify
from server.tokens.rendering import TokenRenderer
from tests.training.architectures.conftest import IDS, Trained, logits
from training.curve import read_curve
from training.fitting.packing import Rows


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for path in folder.glob("*.safetensors"):
        found |= load_file(str(path))
    return found


@pytest.mark.parametrize("way", ["full", "lora"])
def test_it_learns(trained: Trained, way: str) -> None:
    curve = read_curve(trained.folder / way / "curve.jsonl")
    first = next(point["bits_per_byte"]["levy"] for point in curve if "bits_per_byte" in point)
    last = trained.records[way].bits_per_byte["levy"]
    assert last < (0.75 if way == "full" else 0.98) * first


def test_what_comes_out_is_a_whole_checkpoint_of_the_same_tensors(trained: Trained) -> None:
    verify(trained.pretrained)
    manifest = read_manifest(trained.pretrained)
    assert manifest.template == (trained.family.template or "")
    before, after = tensors(trained.base), tensors(trained.pretrained)
    assert {name: tensor.shape for name, tensor in after.items()} == {name: t.shape for name, t in before.items()}
    loaded: Any = _loaded(trained.pretrained)
    assert not any(loaded[1][key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def test_all_weights_learn(trained: Trained) -> None:
    """Routers and experts too; DeepSeek's correction of the router's scores takes no gradient and is carried over."""
    before, after = tensors(trained.base), tensors(trained.pretrained)
    still = {name for name, tensor in before.items() if torch.equal(tensor, after[name])}
    assert still == {name for name in before if name.endswith("e_score_correction_bias")}
    experts = [name for name in before if ".experts." in name]
    assert bool(experts) is bool(still) is (trained.family.shape == "DeepseekV3")


def test_holes_are_laid_out_as_the_family_wants_them(trained: Trained) -> None:
    """A sequence with a hole has the family's marks, each once, in their order; Gemma has none."""
    controls = TokenRenderer.from_folder(trained.base).vocabulary.controls
    rows = Rows(trained.folder / "full" / "rows")
    marks = [controls[mark] for mark in trained.family.marks]
    template = TEMPLATES[trained.family.template] if trained.family.template else None
    special = {controls[token] for token in template.special_tokens if token in controls} if template else set()
    holes = 0
    for number in range(len(rows)):
        row = rows[number]
        starts = [i for i, position in enumerate(row["position_ids"]) if position == 0] + [len(row["input_ids"])]
        for begin, end in pairwise(starts):
            found = [token for token in row["input_ids"][begin:end] if token in marks]
            if any(token in special for token in row["input_ids"][begin:end]):
                assert found == marks
                holes += 1
    assert (holes > 5) is bool(trained.family.template)


def test_the_transfer_adds_what_instruction_changed(trained: Trained) -> None:
    out = trained.transferred("out", base=trained.base, instruct=trained.instruct, pretrained=trained.pretrained)
    verify(out)
    base, instruct, pretrained, written = map(tensors, (trained.base, trained.instruct, trained.pretrained, out))
    assert written.keys() == pretrained.keys()
    rows = 257 + len(trained.family.tokens)  # those of the chat's tokens are the instruct model's
    for name, tensor in written.items():
        wanted = pretrained[name] + (instruct[name] - base[name])
        kept = slice(rows) if tensor.shape[:1] == (272,) else slice(None)
        torch.testing.assert_close(tensor[kept], wanted[kept], atol=1e-6, rtol=0)
    assert torch.isfinite(logits(out)).all()


def test_an_adapter_on_the_instruct_model_is_the_whole_transfer(trained: Trained) -> None:
    """`I + UD` and `P + (I - B)` with `P = B + UD`, the adapter a trained one: the same logits; peft's too."""
    pretrained = trained.transferred("adapter-in-base", adapter=trained.adapter, instruct=trained.base)
    whole = trained.transferred("whole", base=trained.base, instruct=trained.instruct, pretrained=pretrained)
    short = trained.transferred("short", adapter=trained.adapter, instruct=trained.instruct)
    torch.testing.assert_close(logits(short), logits(whole), atol=2e-5, rtol=0)
    assert (logits(short) - logits(trained.instruct)).abs().max() > 1e-2

    from peft import PeftModel

    model, _ = _loaded(trained.instruct)
    with torch.no_grad():
        served = PeftModel.from_pretrained(model, str(trained.adapter))(IDS).logits
    torch.testing.assert_close(logits(short), served, atol=2e-5, rtol=0)


def test_the_adapter_in_the_base_is_what_was_measured(trained: Trained) -> None:
    from peft import PeftModel

    merged = trained.transferred("adapter-in-base", adapter=trained.adapter, instruct=trained.base)
    model, _ = _loaded(trained.base)
    with torch.no_grad():
        wanted = PeftModel.from_pretrained(model, str(trained.adapter))(IDS).logits
    torch.testing.assert_close(logits(merged), wanted, atol=2e-5, rtol=0)


def _loaded(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
