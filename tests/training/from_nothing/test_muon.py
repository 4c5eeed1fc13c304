"""Muon and AdamW against references."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer
from torch import nn

from training.from_nothing.pretrain import new_model
from training.from_nothing.recipe import PretrainStage
from training.muon import MuonWithAdamW, optimizer_for, orthogonalized
from training.settings import OptimizerPart


@pytest.mark.parametrize("shape", [(16, 16), (8, 24), (24, 8)])
def test_newton_schulz_is_near_the_polar_factor(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, *shape)
    result = orthogonalized(matrices)
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    for got, u, v in zip(result, left, right, strict=True):
        values = torch.linalg.svdvals(got)
        assert values.max() < 1.3
        assert values.min() > 0.3
        assert torch.nn.functional.cosine_similarity(got.flatten(), (u @ v).flatten(), dim=0) > 0.97


def test_a_step_is_torch_s_muon_but_for_bfloat16() -> None:
    torch.manual_seed(0)
    start, gradients = torch.randn(12, 20), [torch.randn(12, 20) for _ in range(3)]
    part = OptimizerPart()
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    mine = MuonWithAdamW([{"params": [ours], "lr": 0.02, "muon": True}], part)
    reference = torch.optim.Muon([theirs], lr=0.02, momentum=0.95, weight_decay=0.05, nesterov=True)
    for gradient in gradients:
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        reference.step()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=0)


def test_the_others_follow_torch_s_adamw() -> None:
    torch.manual_seed(0)
    start, gradients = torch.randn(5, 4), [torch.randn(5, 4) for _ in range(4)]
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    part = OptimizerPart()
    mine = MuonWithAdamW([{"params": [ours], "lr": 0.01}], part)
    reference = torch.optim.AdamW([theirs], lr=0.01, betas=(0.9, 0.95), weight_decay=0.0)
    for gradient in gradients:
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        reference.step()
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-6)


def test_embeddings_and_norms_are_not_orthogonalized(stage: PretrainStage, tokenizer: Tokenizer) -> None:
    model = new_model(stage.model, tokenizer, seed=1)
    muon, adamw = optimizer_for(model, stage.optimizer).param_groups
    assert len(muon["params"]) == 7 * stage.model.layers
    assert any(p is model.get_input_embeddings().weight for p in adamw["params"])
    assert sum(len(g["params"]) for g in (muon, adamw)) == len(list(model.parameters()))


def test_muon_refuses_vectors() -> None:
    with pytest.raises(ValueError, match="matrices"):
        MuonWithAdamW([{"params": [nn.Parameter(torch.ones(3))], "lr": 0.1, "muon": True}], OptimizerPart())
