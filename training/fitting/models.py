"""From a model folder to a model that learns, and from what it learned to a folder again.

The folder's own files say what it is; nothing is fetched here. Tokenizer files are copied as they are, because loading
and saving a tokenizer may change it (transformers 5 replaces Qwen2's way of cutting text, for one).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from core.errors import CheckpointError, ConfigError
from server.models.checks import check_folder, context_limit, read_config
from server.tokens.rendering import TokenRenderer
from server.tokens.vocabulary import is_control, read_tokenizer_file
from training.fitting.settings import FitSettings, LoraSettings
from training.tokenizer_files import COPIED


@dataclass(frozen=True, slots=True)
class AddedTokens:
    """Tokens for the vocabulary, and `pieces` or `mean`: the rows that their first values are the mean of."""

    tokens: tuple[str, ...]
    start: str


def load_model(folder: Path, settings: FitSettings, added: AddedTokens | None = None) -> PreTrainedModel:
    """The model of a folder, ready to learn: all weights, or an adapter of it.

    Raises `CheckpointError` for a folder that is damaged or of an unknown kind; `ConfigError` where the rows are longer
    than its context, or settings do not go together.
    """
    limit = context_limit(check_folder(folder), folder)
    if settings.row_tokens > limit:
        raise ConfigError(f"row_tokens {settings.row_tokens} is more than {folder} takes; at most {limit}")
    if added and settings.lora:
        raise ConfigError("new_tokens need all weights to learn; leave out lora, or the new tokens")
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, settings.weights), local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, RuntimeError) as problem:
        raise CheckpointError(f"{folder} cannot be loaded: {str(problem).splitlines()[0]}") from None
    model.config.use_cache = False
    if added:
        _add_tokens(model, folder, added)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    if settings.lora:
        model = _adapted(model, settings.lora, settings.seed)
        if settings.gradient_checkpointing:
            model.enable_input_require_grads()
    return model


def token_ids(folder: Path) -> tuple[int | None, int, int]:
    """`(begin, end, padding)`: what documents begin with (`None`: nothing), end with, and rows are filled with.

    Raises `CheckpointError` where the tokenizer cannot be loaded, or nothing says what ends a document.
    """
    tokenizer = _tokenizer(folder)
    end = tokenizer.eos_token_id
    if end is None:
        declared = read_config(folder).get("eos_token_id")
        end = declared[0] if isinstance(declared, list) and declared else declared
    if not isinstance(end, int):
        raise CheckpointError(f"{folder}: neither tokenizer_config.json nor config.json names an eos_token")
    begin = tokenizer.bos_token_id
    first = tokenizer("a")["input_ids"][0]
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else end
    return begin if begin is not None and begin == first else None, int(end), int(padding)


def save_model(model: PreTrainedModel, source: Path, folder: Path, added: AddedTokens | None = None) -> None:
    """Write the model, or its adapter, as a folder; the weights in the number format of `source`."""
    folder.mkdir(parents=True, exist_ok=True)
    if hasattr(model, "peft_config"):
        model.save_pretrained(folder)
        return
    dtype = AutoConfig.from_pretrained(source, local_files_only=True).dtype
    model.config.use_cache = True
    if isinstance(dtype, torch.dtype):
        model.to(dtype)  # type: ignore[arg-type]
        model.config.dtype = dtype
    model.save_pretrained(folder)
    for weights in folder.glob("*.safetensors"):
        weights.chmod(0o644)  # transformers lets nobody else read them
    for name in COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    if added:
        text = json.dumps(extended_tokenizer(source, added), ensure_ascii=False)
        (folder / "tokenizer.json").write_text(text, encoding="utf-8")


def _adapted(model: PreTrainedModel, settings: LoraSettings, seed: int) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    modules = settings.modules if isinstance(settings.modules, str) else list(settings.modules)
    if modules == "all-linear" and _has_experts(model):
        modules = sorted({name.rpartition(".")[2] for name in _linear_layers(model) if "attn" in name})
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=modules,
        task_type="CAUSAL_LM",
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as problem:
        raise ConfigError(f"lora.modules: {str(problem).splitlines()[0]}") from None
    if config.target_parameters:  # peft puts experts' layers that are called so in their place
        raise ConfigError(
            f"lora.modules: some of {', '.join(settings.modules)} are layers of experts in this model, whose adapters "
            f"cannot be merged; name layers of the attention, or leave modules away"
        )
    return adapted


def _has_experts(model: PreTrainedModel) -> bool:
    """Whether tokens are routed to experts; transformers keeps the weights of a layer's experts in one tensor."""
    return any(".experts." in name and parameter.ndim == 3 for name, parameter in model.named_parameters())


def _linear_layers(model: PreTrainedModel) -> list[str]:
    return [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]


def extended_tokenizer(folder: Path, added: AddedTokens) -> dict[str, Any]:
    """The parsed `tokenizer.json` with the added tokens behind all others.

    Raises `ConfigError` for a token that is one already, or that looks like a marker: text never becomes a marker.
    """
    data = read_tokenizer_file(folder)
    renderer = TokenRenderer(data)
    for token in added.tokens:
        if is_control({"content": token}):
            raise ConfigError(f"new_tokens: {token!r} looks like a special token, which text never becomes")
        if len(renderer.encode(token)) == 1:
            raise ConfigError(f"new_tokens: {token!r} is one token already; leave it out")
    first = _first_free(data)
    options = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    new = [{"id": first + place, "content": token, **options} for place, token in enumerate(added.tokens)]
    return {**data, "added_tokens": [*(data.get("added_tokens") or []), *new]}


def _first_free(data: dict[str, Any]) -> int:
    ids: list[int] = [*data["model"]["vocab"].values(), *(token["id"] for token in data.get("added_tokens") or [])]
    return max(ids) + 1


def _add_tokens(model: Any, folder: Path, added: AddedTokens) -> None:
    """Rows for new tokens in both embeddings; sizes stay as they are where padding rows are left."""
    data = read_tokenizer_file(folder)
    known, renderer = _first_free(data), TokenRenderer(data)
    needed = known + len(added.tokens)
    if needed > model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(needed, mean_resizing=False)
    embeddings = [model.get_input_embeddings()]
    if (head := model.get_output_embeddings()) is not None and head.weight is not embeddings[0].weight:
        embeddings.append(head)
    with torch.no_grad():
        for layer in embeddings:
            for place, token in enumerate(added.tokens):
                rows = layer.weight[renderer.encode(token)] if added.start == "pieces" else layer.weight[:known]
                layer.weight[known + place] = rows.float().mean(0).to(layer.weight.dtype)


def _tokenizer(folder: Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CheckpointError(f"{folder}: its tokenizer cannot be loaded: {str(problem).splitlines()[0]}") from None
