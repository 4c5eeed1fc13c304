"""Attention does not cross documents in a packed row: shown by gradients and by equality with single rows."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from training.documents import Document
from training.from_nothing.examples import ExampleMaker
from training.from_nothing.pretrain import new_model
from training.from_nothing.recipe import ExamplesPart, PretrainStage


@pytest.fixture(scope="module")
def model(stage: PretrainStage, tokenizer: Tokenizer) -> LlamaForCausalLM:
    return new_model(stage.model, tokenizer, seed=1)


@pytest.mark.parametrize("training", [True, False])
def test_no_gradient_flows_into_another_document(model: LlamaForCausalLM, training: bool) -> None:
    model.train(training)
    lengths = [7, 12, 5]
    positions = torch.cat([torch.arange(length) for length in lengths])[None]
    embeddings = torch.randn(1, sum(lengths), model.config.hidden_size, requires_grad=True)
    logits = model(inputs_embeds=embeddings, position_ids=positions, use_cache=False).logits
    assert logits is not None
    logits[0, 7:19].square().sum().backward()
    assert embeddings.grad is not None
    reached = embeddings.grad[0].abs().sum(-1) > 0
    assert reached[7:19].all()
    assert not reached[:7].any()
    assert not reached[19:].any()


def test_packed_documents_give_the_logits_of_single_ones(model: LlamaForCausalLM) -> None:
    model.train(True)
    one, two = torch.randint(9, 99, (1, 20)), torch.randint(9, 99, (1, 30))
    packed = torch.cat([one, two], dim=1)
    positions = torch.cat([torch.arange(20), torch.arange(30)])[None]
    together = model(input_ids=packed, position_ids=positions, use_cache=False).logits
    apart = torch.cat([model(input_ids=ids, use_cache=False).logits for ids in (one, two)], dim=1)
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


def test_the_compiled_mask_is_made_from_rows_of_examples(
    model: LlamaForCausalLM, documents: dict[str, list[Document]], tokenizer: Tokenizer, part: ExamplesPart
) -> None:
    row = ExampleMaker(documents, tokenizer, part, seed=2).row(0, 256)
    starts = [i for i, position in enumerate(row.position_ids) if position == 0]
    assert len(starts) > 1
    ids, positions = torch.tensor([row.input_ids]), torch.tensor([row.position_ids])
    changed = ids.clone()
    changed[0, : starts[1]] = 77
    before = model(input_ids=ids, position_ids=positions, use_cache=False).logits[0, starts[1] :]
    after = model(input_ids=changed, position_ids=positions, use_cache=False).logits[0, starts[1] :]
    assert torch.equal(before, after)
