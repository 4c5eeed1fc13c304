"""Memory, time and disk by hand, and what is advised where something does not fit."""

from __future__ import annotations

import dataclasses

import pytest

from training.fitting.settings import FitSettings, LoraSettings
from training.pipeline.estimates import (
    GPUS,
    Device,
    Disk,
    Shape,
    adapter_parameters,
    advice,
    disk,
    duration,
    gigabytes,
    memory,
    operations,
    seconds,
    shape_of,
    tokens_of,
)

SMALL = Shape(
    parameters=1000, stored_bytes=2000, layers=2, hidden=10, intermediate=20, key_value=5, vocabulary=50,
    matrices=((10, 10), (20, 10)),
)  # fmt: skip
QWEN_15B = Shape(
    parameters=1_543_714_304, stored_bytes=3_087_428_608, layers=28, hidden=1536, intermediate=8960, key_value=256,
    vocabulary=151_936,
    matrices=(((1536, 1536),) * 2 + ((256, 1536),) * 2 + ((8960, 1536),) * 2 + ((1536, 8960),)) * 28,
)  # fmt: skip
ROW = FitSettings(row_tokens=32, tokens_per_step=32)
CPU = Device("cpu", 10**9, 1e9, 0.5, gpu=False)
GPU = Device("gpu", 10**12, 1e12, 0.5)


def test_all_weights_on_a_cpu_by_hand() -> None:
    parts = memory(SMALL, ROW, CPU).parts
    assert (parts["weights"], parts["gradients"], parts["optimizer"]) == (4000, 4000, 8000)
    assert parts["activations"] == 32 * 2 * (4 * (8 * 10 + 4 * 5 + 4 * 20) + 16 * 10)
    assert parts["logits"] == 32 * 50 * 12


def test_mixed_products_keep_copies_of_the_weights() -> None:
    assert memory(SMALL, ROW, GPU).parts["weights"] == 4000 + 2000
    half = ROW.model_copy(update={"weights": "bfloat16"})
    assert memory(SMALL, half, GPU).sure == 1000 * 2 * 4


def test_an_adapter_learns_alone() -> None:
    lora = ROW.model_copy(update={"lora": LoraSettings(rank=2, alpha=2)})
    assert adapter_parameters(SMALL, 2) == 2 * (20 + 30)
    parts = memory(SMALL, lora, CPU).parts
    assert (parts["weights"], parts["gradients"], parts["optimizer"]) == (4400, 400, 800)
    assert operations(SMALL, lora, 10) == 10 * (4 * 1000 + 6 * 2 * 10 * 32)


def test_devices_share_weights_gradients_and_optimizer() -> None:
    several = dataclasses.replace(GPU, count=4)
    one, four = memory(SMALL, ROW, GPU), memory(SMALL, ROW, several)
    assert (one.parts["gradients"], four.parts["gradients"]) == (4000, 1000)
    assert four.parts["activations"] == one.parts["activations"]
    assert seconds(SMALL, ROW, 1e6, several) == pytest.approx(seconds(SMALL, ROW, 1e6, GPU) / 4)


def test_activations_computed_again_take_time_in_place_of_memory() -> None:
    again = ROW.model_copy(update={"gradient_checkpointing": True})
    assert memory(SMALL, again, CPU).parts["activations"] < memory(SMALL, ROW, CPU).parts["activations"]
    assert operations(SMALL, again, 30) == pytest.approx(operations(SMALL, ROW, 40))


def test_advice_for_a_real_model() -> None:
    settings = FitSettings(rows_at_once=4)
    assert advice(QWEN_15B, settings, GPUS[1]) == ()
    assert advice(QWEN_15B, settings, GPUS[0]) == ("rows_at_once: 1", "lora: {}")
    assert advice(QWEN_15B, FitSettings(rows_at_once=8), GPUS[1]) == ("rows_at_once: 1",)
    tiny = Device("watch", 10**8, 1e12, 0.5)
    assert advice(QWEN_15B, settings, tiny) is None


def test_advice_fits() -> None:
    settings = FitSettings()
    said = advice(QWEN_15B, settings, GPUS[0])
    assert said
    changed = settings
    for text in said:
        name, value = text.split(": ")
        new = {"true": True, "{}": LoraSettings(), "1": 1, "1024": 1024}.get(value, value)
        changed = changed.model_copy(update={name: new})
    assert memory(QWEN_15B, changed, GPUS[0]).total <= GPUS[0].memory_bytes


def test_disk_holds_checkpoints_and_the_result() -> None:
    assert disk(SMALL, ROW, 0) == Disk(peak=3 * 3 * 4000 + 2000, kept=2000)
    lora = ROW.model_copy(update={"lora": LoraSettings(rank=2, alpha=2)})
    assert disk(SMALL, lora, 100) == Disk(peak=3 * 3 * 400 + 400 + 800, kept=400 + 800)
    assert disk(SMALL, lora, 1e6) == Disk(peak=24_000_000, kept=8_000_400)


def test_tokens_with_repeats_and_replay() -> None:
    assert tokens_of({"a": 300, "text": 60}, {"a": 2}, 3.0, 2, 0.2) == pytest.approx((600 + 60) / 3 * 2 / 0.8)


def test_a_shape_of_headers() -> None:
    config = {"hidden_size": 8, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 1,
              "intermediate_size": 16, "vocab_size": 32}  # fmt: skip
    tensors = {"model.embed_tokens.weight": (32, 8), "model.layers.0.q.weight": (8, 8), "model.norm.weight": (8,)}
    found = shape_of(config, tensors, 656)
    assert (found.parameters, found.key_value, found.matrices) == (256 + 64 + 8, 4, ((8, 8),))


def test_words() -> None:
    assert (gigabytes(1.5e9), gigabytes(2e7)) == ("1.5 GB", "20 MB")
    assert [duration(each) for each in (0.4, 40, 900, 9000, 2e5)] == ["0.4 s", "40 s", "15 min", "2.5 h", "2.3 days"]
