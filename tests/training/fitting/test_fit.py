"""A fitting in this process: it learns, ends early where it should, and leaves a model that anyone can load."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.checkpoint import file_sha256, read_manifest, verify
from core.errors import CheckpointError, ConfigError, TrainingError
from tests.training.fitting.conftest import sequence, settings
from tests.training.small_models import save_model
from training.curve import read_curve
from training.fitting.fit import fit
from training.fitting.heldout import HeldOutTexts, bits_per_byte
from training.fitting.models import AddedTokens, load_model
from training.fitting.work import Work


def weights(folder: Path) -> dict[str, torch.Tensor]:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return dict(model.state_dict())


def test_it_learns_and_leaves_a_whole_checkpoint(work: Work) -> None:
    told: list[dict[str, Any]] = []
    record = fit(replace(work, settings=settings(epochs=4)), told.append)
    measured = [point["bits_per_byte"] for point in read_curve(work.folder / "curve.jsonl") if "bits_per_byte" in point]
    assert measured[-1]["levy"] < 0.8 * measured[0]["levy"]
    assert record.bits_per_byte == measured[-1]
    assert record.tokens == record.total_tokens == record.rows["tokens"]
    assert record.ended == "all steps"
    assert told[-1]["step"] == record.steps
    model = work.folder / "model"
    verify(model)
    manifest = read_manifest(model)
    assert manifest.trained_from is not None
    assert manifest.trained_from.files_sha256["model.safetensors"] == file_sha256(work.model / "model.safetensors")
    assert (model / "tokenizer.json").read_bytes() == (work.model / "tokenizer.json").read_bytes()
    loaded: Any = AutoModelForCausalLM.from_pretrained(model, dtype="auto")
    assert loaded.dtype == torch.bfloat16
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
    assert AutoTokenizer.from_pretrained(model)("ab")["input_ids"]
    assert "<svg" in (work.folder / "curve.svg").read_text()
    assert not (work.folder / "steps").exists()


def test_a_finished_one_is_left_and_another_begins_anew(work: Work) -> None:
    fit(work)
    before = (work.folder / "model" / "model.safetensors").stat().st_mtime_ns
    told: list[dict[str, Any]] = []
    fit(work, told.append)
    assert told == [{"say": "unchanged"}]
    fit(replace(work, settings=settings(threads=2)))
    assert (work.folder / "model" / "model.safetensors").stat().st_mtime_ns == before
    fit(replace(work, settings=settings(seed=2)))
    assert (work.folder / "model" / "model.safetensors").stat().st_mtime_ns != before


def test_a_finished_one_whose_model_is_gone_begins_anew(work: Work) -> None:
    steps = fit(work).steps
    before = weights(work.folder / "model")
    shutil.rmtree(work.folder / "model")
    told: list[dict[str, Any]] = []
    assert fit(work, told.append).steps == steps
    assert {"say": "unchanged"} not in told
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights(work.folder / "model").items())


def test_an_ended_one_whose_checkpoint_is_gone_begins_anew(work: Work) -> None:
    steps = fit(work).steps
    (work.folder / "fit.json").unlink()  # its checkpoints went when it was written
    assert json.loads((work.folder / "ended.json").read_text())["step"] == steps
    assert fit(work).steps == steps
    assert read_curve(work.folder / "curve.jsonl")[0]["step"] == 0


def test_few_steps_have_a_speed(work: Work) -> None:
    record = fit(replace(work, settings=settings(tokens_per_step=1024)))
    assert record.steps < 5
    assert record.tokens_per_s == read_curve(work.folder / "curve.jsonl")[-2]["tokens_per_s"]
    assert 0 < record.tokens_per_s < 1e7


def test_patience_ends_it_and_keeps_the_best(work: Work, tmp_path: Path) -> None:
    """The rate is far too high, so that it soon gets worse."""
    wild = settings(measure_every_steps=1, patience=2, epochs=4, optimizer={"learning_rate": 0.5, "warmup_share": 0})
    record = fit(replace(work, settings=wild))
    curve = read_curve(work.folder / "curve.jsonl")
    measured = {p["step"]: sum(p["bits_per_byte"].values()) for p in curve if "bits_per_byte" in p and p["step"]}
    assert record.ended == "early"
    assert record.steps == record.best_step + 2 == max(measured)
    assert record.model_step == record.best_step == min(measured, key=lambda step: measured[step])
    assert record.tokens < record.total_tokens
    model: Any = AutoModelForCausalLM.from_pretrained(work.folder / "model", dtype=torch.float32)
    assert bits_per_byte(model, work.held_out)["levy"] == pytest.approx(record.bits_per_byte["levy"], rel=0.02)


def test_an_adapter_changes_nothing_but_itself(work: Work) -> None:
    from peft import PeftModel

    hashes = file_sha256(work.model / "model.safetensors")
    record = fit(replace(work, settings=settings(lora={"rank": 4, "alpha": 8}, optimizer={"learning_rate": 0.02})))
    assert file_sha256(work.model / "model.safetensors") == hashes
    assert {path.name for path in (work.folder / "adapter").iterdir()} >= {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    base = load_model(work.model, settings())
    adapted: Any = PeftModel.from_pretrained(base, str(work.folder / "adapter"))
    assert bits_per_byte(adapted, work.held_out)["levy"] == pytest.approx(record.bits_per_byte["levy"], rel=1e-4)
    assert record.bits_per_byte["levy"] < read_curve(work.folder / "curve.jsonl")[0]["bits_per_byte"]["levy"]


@pytest.mark.parametrize("tied", [True, False])
def test_new_tokens_begin_as_the_mean_of_their_pieces(tmp_path: Path, tied: bool) -> None:
    folder = save_model(tmp_path / "base", "Llama", tie_word_embeddings=tied, dtype=torch.float32, vocab_size=258)
    model: Any = load_model(folder, settings(), AddedTokens(("rule", "gives"), "pieces"))
    ids = AutoTokenizer.from_pretrained(folder)("rule")["input_ids"]
    old = weights(folder)
    for layer, name in ((model.get_input_embeddings(), "model.embed_tokens.weight"), (model.lm_head, "lm_head.weight")):
        before = old[name]
        assert layer.weight.shape[0] == 259  # 257 were in use
        torch.testing.assert_close(layer.weight[257], before[ids].mean(0))
        assert torch.equal(layer.weight[:257], before[:257])
    average: Any = load_model(folder, settings(), AddedTokens(("rule",), "mean"))
    torch.testing.assert_close(average.lm_head.weight[257], old["lm_head.weight"][:257].mean(0))


def test_new_tokens_are_in_the_tokenizer_that_is_written(work: Work) -> None:
    fit(replace(work, added=AddedTokens(("gives",), "mean")))
    tokenizer = AutoTokenizer.from_pretrained(work.folder / "model")
    assert tokenizer("a gives b")["input_ids"].count(257) == 1
    assert tokenizer.decode(tokenizer("a gives b")["input_ids"]) == "a gives b"


def test_bits_per_byte_by_hand(base: Path) -> None:
    model: Any = load_model(base, settings())
    ids = [5, 9, 30, 31]
    with torch.no_grad():
        logs = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    nats = -sum(float(logs[i, ids[i + 1]]) for i in range(3))
    texts = HeldOutTexts({"levy": [sequence(ids), sequence([7, 8])], "none": []}, {"levy": 10, "none": 0})
    with torch.no_grad():
        nats -= float(model(input_ids=torch.tensor([[7, 8]])).logits[0].log_softmax(-1)[0, 8])
    assert bits_per_byte(model, texts)["levy"] == pytest.approx(nats / math.log(2) / 10, rel=1e-5)


def test_numbers_that_are_none_end_it_with_one_line(work: Work, tmp_path: Path) -> None:
    broken = save_model(tmp_path / "broken", "Llama")
    from safetensors.torch import load_file, save_file

    tensors = load_file(str(broken / "model.safetensors"))
    tensors["model.norm.weight"][0] = math.nan
    save_file(tensors, str(broken / "model.safetensors"), {"format": "pt"})
    with pytest.raises(TrainingError, match=r"loss nan .* lower optimizer.learning_rate"):
        fit(replace(work, model=broken))


@pytest.mark.parametrize(
    ("tokens_per_step", "said"),
    [
        (1024, r"loss nan .* at step 3 are no numbers"),
        (4096, r"the model of step 1 is broken: levy: nan bits per byte"),
    ],
)
def test_a_few_steps_that_spoil_the_weights_end_it(work: Work, tokens_per_step: int, said: str) -> None:
    wild = {"learning_rate": 1e39, "warmup_share": 0}
    with pytest.raises(TrainingError, match=rf"{said}.*; lower optimizer.learning_rate"):
        fit(replace(work, settings=settings(tokens_per_step=tokens_per_step, optimizer=wild)))
    assert not (work.folder / "model").exists()
    assert not (work.folder / "fit.json").exists()


def test_weights_that_the_format_cannot_hold_end_it(work: Work, tmp_path: Path) -> None:
    half = save_model(tmp_path / "half", "Llama", dtype=torch.float16)
    wild = settings(tokens_per_step=4096, optimizer={"learning_rate": 1e6, "warmup_share": 0})
    with pytest.raises(TrainingError, match=r"weight is no number; lower optimizer.learning_rate"):
        fit(replace(work, model=half, settings=wild, held_out=HeldOutTexts({}, {})))


def test_what_does_not_go_together_is_refused(work: Work, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"row_tokens 256 is more than .* at most 128"):
        fit(replace(work, settings=settings(row_tokens=256, rows_at_once=1)))
    with pytest.raises(ConfigError, match=r"lora\.modules"):
        fit(replace(work, settings=settings(lora={"modules": ["no_such_layer"]})))
    with pytest.raises(ConfigError, match="patience needs held-out texts"):
        fit(replace(work, settings=settings(patience=1), held_out=HeldOutTexts({}, {})))
    with pytest.raises(ConfigError, match="new_tokens need all weights"):
        fit(replace(work, settings=settings(lora={}), added=AddedTokens(("rule",), "mean")))
    cut = tmp_path / "cut"
    save_model(cut, "Llama")
    content = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(content[:-10])
    with pytest.raises(CheckpointError, match="cut short"):
        fit(replace(work, model=cut))
    with pytest.raises(ValueError, match="patience, save_every_steps must be null"):
        settings(patience=1, save_every_steps=2)
    with pytest.raises(ValueError, match="must be a multiple"):
        settings(tokens_per_step=100)


def test_a_full_disk_is_one_line_and_rows_stay(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from training.fitting import work as module

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "checkpoint")

    monkeypatch.setattr(module, "save_model", full)
    with pytest.raises(TrainingError, match="the disk is full at checkpoint; make room"):
        fit(work)
    assert json.loads((work.folder / "ended.json").read_text())["step"] > 0
    monkeypatch.undo()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    told: list[dict[str, Any]] = []
    fit(work, told.append)
    assert not any("loss" in news for news in told)  # trained already


def test_no_memory_left_says_what_to_lower(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.fitting import fit as module

    def used_up(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ...")

    monkeypatch.setattr(module, "load_model", used_up)
    with pytest.raises(TrainingError, match=r"the GPU has no memory left .*lower rows_at_once \(2\)"):
        fit(work)
