"""How much memory, time and disk a fitting takes, before it is begun. Pure arithmetic; every figure is an estimate.

Memory of one device, in bytes, for P parameters of b bytes each (4 in float32, 2 in bfloat16):

    weights       P b, and 2 P for their copies in bfloat16 where products are mixed
    gradients     P b; with an adapter of A parameters: A b
    AdamW         2 P b; with an adapter: 2 A b
    activations   rows * tokens * layers * (8 hidden + 4 key-value width + 4 intermediate) values of 2 or 4 bytes and
                  16 hidden bytes of float32; with gradient checkpointing one layer of that and one value of `hidden`
                  for each layer (after Korthikanti et al., arXiv 2205.05198, for attention that keeps no scores)
    logits        rows * tokens * vocabulary * (2 or 4, and 8: a copy in float32 and its gradient)
    the rest      1 GiB of a GPU's context, or 0.5 GiB of torch, and a tenth of everything for what is torn up

With FSDP weights, gradients and optimizer are divided by the number of devices; whole are one layer at a time, and the
embeddings, each with its gradient. Muon has one moment for the matrices; it is counted as AdamW.

Time: 6 P tokens operations (4 P with an adapter; a third more with gradient checkpointing), and the attention's own
6 layers hidden tokens for each token, at the share of the device's peak that trainings reach.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.fitting.settings import FitSettings, LoraSettings

GB = 1_000_000_000
_GIB = 1 << 30
_TORN = 1.1
_CHECKPOINTS = 2
"""Checkpoints that a fitting keeps; a third is there while it is written."""
_KEYS = frozenset(FitSettings.model_fields)
_PACKED, _PACKING = 8, 24
"""Bytes on the disk of a token in its row, and while rows are made; measured."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a model decides how much it takes. `matrices` are the layers' linear ones, (out, in)."""

    parameters: int
    stored_bytes: int
    layers: int
    hidden: int
    intermediate: int
    key_value: int
    vocabulary: int
    matrices: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Device:
    """Something to train on: `count` alike, each with its memory and its peak in operations a second."""

    name: str
    memory_bytes: int
    flops: float
    utilisation: float
    count: int = 1
    gpu: bool = True

    @property
    def label(self) -> str:
        """Its name, and how many."""
        return self.name if self.count == 1 else f"{self.count} x {self.name}"


GPUS = (
    Device("24 GB GPU (RTX 4090)", 24 * _GIB, 165e12, 0.35),
    Device("80 GB GPU (H100)", 80 * _GIB, 989e12, 0.35),
    Device("80 GB GPU (H100)", 80 * _GIB, 989e12, 0.30, count=8),
)
"""Peaks are those of bfloat16 without sparsity, from the makers' data sheets."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one device, by what takes it, in bytes. `sure` is what no setting of batches lowers."""

    parts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.parts.values())

    @property
    def sure(self) -> int:
        """Weights, gradients and optimizer."""
        return sum(self.parts[name] for name in ("weights", "gradients", "optimizer"))


@dataclass(frozen=True, slots=True)
class Disk:
    """Of a stage, in bytes: at its peak, and what stays of it."""

    peak: int
    kept: int


def adapter_parameters(shape: Shape, rank: int) -> int:
    """Parameters of an adapter of all linear layers but the head; of a model with experts, of the attention's."""
    return sum(rank * (out + into) for out, into in shape.matrices)


def memory(shape: Shape, settings: FitSettings, device: Device) -> Memory:
    """What a fitting takes of one of the devices."""
    each = 4 if settings.weights == "float32" else 2
    mixed = device.gpu and settings.mixed and each == 4
    computed = 2 if mixed or each == 2 else 4
    learning = adapter_parameters(shape, settings.lora.rank) if settings.lora else shape.parameters
    whole = shape.parameters + (learning if settings.lora else 0)
    tokens = settings.rows_at_once * settings.row_tokens
    layer = computed * (8 * shape.hidden + 4 * shape.key_value + 4 * shape.intermediate) + 16 * shape.hidden
    kept = layer + shape.layers * computed * shape.hidden if settings.gradient_checkpointing else layer * shape.layers
    parts = {
        "weights": whole * each // device.count + (2 * whole if mixed else 0) // device.count,
        "gradients": learning * each // device.count,
        "optimizer": 2 * learning * each // device.count,
        "activations": tokens * kept,
        "logits": tokens * shape.vocabulary * (computed + 8),
    }
    if device.count > 1:
        whole_at_once = shape.parameters // max(shape.layers, 1) + shape.vocabulary * shape.hidden
        parts["weights"] += 2 * computed * whole_at_once
    parts["the rest"] = int(sum(parts.values()) * (_TORN - 1)) + (_GIB if device.gpu else _GIB // 2)
    return Memory(parts)


def operations(shape: Shape, settings: FitSettings, tokens: float) -> float:
    """Of fitting to so many tokens."""
    each = (4 if settings.lora else 6) * shape.parameters
    attention = 6 * shape.layers * shape.hidden * settings.row_tokens
    again = 4 / 3 if settings.gradient_checkpointing else 1
    return tokens * (each + attention) * again


def seconds(shape: Shape, settings: FitSettings, tokens: float, device: Device) -> float:
    """Time on all of the devices together, in seconds."""
    return operations(shape, settings, tokens) / (device.flops * device.utilisation * device.count)


def advice(
    shape: Shape, settings: FitSettings, device: Device, keys: Collection[str] = _KEYS
) -> tuple[str, ...] | None:
    """What to change so that it fits, in the order of what it costs; empty: it fits; none: nothing here helps.

    `keys` are those of the recipe's part that may change.
    """

    def fits(changes: list[tuple[str, dict[str, Any]]]) -> bool:
        changed = settings.model_copy(update={name: new for _, change in changes for name, new in change.items()})
        return memory(shape, changed, device).total <= device.memory_bytes

    taken: list[tuple[str, dict[str, Any]]] = []
    for saving in (each for each in _savings(settings) if set(each[1]) <= set(keys)):
        if fits(taken):
            break
        taken.append(saving)
    if not fits(taken):
        return None
    for saving in reversed(taken):  # a later one may have made it needless
        without = [other for other in taken if other is not saving]
        if fits(without):
            taken = without
    return tuple(text for text, _ in taken)


def disk(shape: Shape, settings: FitSettings, tokens: float) -> Disk:
    """What a fitting to so many tokens, of all epochs, has there: rows, checkpoints with moments, and the result."""
    each = 4 if settings.weights == "float32" else 2
    learning = adapter_parameters(shape, settings.lora.rank) if settings.lora else shape.parameters
    kept = (learning * each if settings.lora else shape.stored_bytes) + int(_PACKED * tokens)
    return Disk(max(kept + (_CHECKPOINTS + 1) * 3 * learning * each, int(_PACKING * tokens)), kept)


def tokens_of(
    train_bytes: Mapping[str, int], repeats: Mapping[str, int], bytes_per_token: float, epochs: int, replay: float
) -> float:
    """Tokens of all epochs: language -> bytes that are trained on, languages seen several times, and the replay."""
    own = sum(size * repeats.get(language, 1) for language, size in train_bytes.items()) / bytes_per_token
    return own * epochs / max(1 - replay, 0.01)


def shape_of(config: Mapping[str, Any], tensors: Mapping[str, tuple[int, ...]], stored_bytes: int) -> Shape:
    """The shape of a model, of its parsed `config.json` and its tensors' shapes by name."""
    inner = config.get("text_config")
    config = {**config, **inner} if isinstance(inner, dict) else config

    def number(*names: str, default: int) -> int:
        return next((int(config[name]) for name in names if isinstance(config.get(name), int)), default)

    hidden = number("hidden_size", "n_embd", default=1)
    heads = number("num_attention_heads", "n_head", default=1)
    width = number("head_dim", default=hidden // heads)
    names = [(name, shape) for name, shape in tensors.items() if len(shape) == 2]
    outside = ("embed", "lm_head", "wte", "wpe")
    adapted = [(name, s) for name, s in names if not any(word in name for word in outside)]
    if any(".experts." in name for name in tensors):  # as training/fitting/models.py chooses
        adapted = [(name, s) for name, s in adapted if "attn" in name]
    linear = [(s[0], s[1]) for _, s in adapted]
    return Shape(
        parameters=sum(math.prod(shape) for shape in tensors.values()),
        stored_bytes=stored_bytes,
        layers=number("num_hidden_layers", "n_layer", default=1),
        hidden=hidden,
        intermediate=number("intermediate_size", "n_inner", default=4 * hidden),
        key_value=number("num_key_value_heads", default=heads) * width,
        vocabulary=number("vocab_size", default=1),
        matrices=tuple(linear),
    )


def gigabytes(size: float) -> str:
    """1.5 GB, 0.02 GB"""
    return f"{size / GB:.1f} GB" if size >= GB / 10 else f"{size / 1e6:.0f} MB"


def duration(seconds_s: float) -> str:
    """0.4 s, 40 s, 12 min, 3.5 h, 2.1 days"""
    if seconds_s < 10:
        return f"{max(seconds_s, 0.1):.1f} s"
    if seconds_s < 100:
        return f"{seconds_s:.0f} s"
    if seconds_s < 5400:
        return f"{seconds_s / 60:.0f} min"
    return f"{seconds_s / 3600:.1f} h" if seconds_s < 172_800 else f"{seconds_s / 86_400:.1f} days"


def _savings(settings: FitSettings) -> Iterator[tuple[str, dict[str, Any]]]:
    if settings.rows_at_once > 1:
        yield "rows_at_once: 1", {"rows_at_once": 1}
    if not settings.gradient_checkpointing:
        yield "gradient_checkpointing: true", {"gradient_checkpointing": True}
    if settings.row_tokens > 1024:
        yield "row_tokens: 1024", {"row_tokens": 1024}
    if settings.lora is None:
        yield "lora: {}", {"lora": LoraSettings()}
    if settings.weights == "float32":
        yield "weights: bfloat16", {"weights": "bfloat16"}
