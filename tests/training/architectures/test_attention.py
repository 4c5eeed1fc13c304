"""Rows of several documents in every architecture; sliding windows; what of a model with experts is adapted."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import ConfigError
from tests.training.architectures.conftest import FAMILIES, Family, settings
from tests.training.fitting.conftest import sequence
from training.fitting.models import load_model
from training.fitting.packing import Rows, collate, write_rows

LENGTHS = (30, 20, 11)
WINDOW = 8


def packed(folder: Path) -> tuple[dict[str, torch.Tensor], list[int]]:
    """One row of three documents, and where they begin and end."""
    write_rows(lambda _: [sequence(list(range(5, 5 + n))) for n in LENGTHS], 1, 64, 1, folder)
    row = Rows(folder)[0]
    starts = [i for i, position in enumerate(row["position_ids"]) if position == 0] + [len(row["input_ids"])]
    assert len(starts) == len(LENGTHS) + 1
    return collate([row], pad_id=0), starts


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_document_in_a_row_has_the_logits_that_it_has_alone(tmp_path: Path, family: Family) -> None:
    model: Any = load_model(family.save(tmp_path / "base", 1), settings(family))
    batch, starts = packed(tmp_path / "rows")
    ids = batch["input_ids"]
    with torch.no_grad():
        together = model(input_ids=ids, position_ids=batch["position_ids"]).logits[0]
        apart = torch.cat([model(input_ids=ids[:, begin:end]).logits[0] for begin, end in pairwise(starts)])
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ("Mistral", {"sliding_window": WINDOW}),
        ("Starcoder2", {"sliding_window": WINDOW}),
        ("Qwen2", {"sliding_window": WINDOW, "use_sliding_window": True, "max_window_layers": 0}),
        ("Mistral", {"sliding_window": None}),
    ],
)
def test_a_window_slides_within_its_own_document(tmp_path: Path, shape: str, options: dict[str, Any]) -> None:
    """In a model of one layer a token sees the window's tokens before it, and none of the document before its own."""
    family = Family("windowed", shape, None, options={"num_hidden_layers": 1, **options})
    model: Any = load_model(family.save(tmp_path / "base", 1), settings(family))
    model.train(True)
    batch, starts = packed(tmp_path / "rows")
    begin, end = starts[1:3]
    window = options["sliding_window"] or batch["input_ids"].shape[1]
    for place in (begin, begin + 3, end - 1):
        embedded = model.get_input_embeddings()(batch["input_ids"]).detach().requires_grad_()
        output = model(inputs_embeds=embedded, position_ids=batch["position_ids"]).logits
        output[0, place].square().sum().backward()
        reached = (embedded.grad[0].abs().sum(-1) > 0).nonzero().flatten().tolist()
        assert reached == list(range(max(begin, place - window + 1), place + 1))


def test_an_adapter_of_a_model_with_experts_is_its_attentions(tmp_path: Path) -> None:
    """What peft makes for experts is no plain sum of two factors, so it could not be merged: refused at once."""
    family = next(family for family in FAMILIES if family.shape == "DeepseekV3")
    base = family.save(tmp_path / "base", 1)
    adapted: Any = load_model(base, settings(family, lora={"rank": 2, "alpha": 2}))
    names = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
    assert names
    assert all(".self_attn." in name for name in names)
    with pytest.raises(ConfigError, match=r"layers of experts in this model.* name layers of the attention"):
        load_model(base, settings(family, lora={"modules": ["o_proj", "gate_proj", "up_proj", "down_proj"]}))
