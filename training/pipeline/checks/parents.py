"""Whether base and instruct are there, whole, and fit together and to what the recipe does with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import CheckpointError, ConfigError, RecipeError, TemplateError, VernacularError
from server.models.checks import check_folder, context_limit, read_config
from server.models.description import describe
from server.tokens.rendering import TokenRenderer
from training.fitting.settings import FitSettings
from training.pipeline.devices import processes_of
from training.pipeline.models import find_model, has_chat_template
from training.pipeline.parts import ASKED, parent_of
from training.pipeline.recipe import Recipe
from training.pipeline.stages.transferring import request_for
from training.pipeline.tools import Tools
from training.pipeline.work import Work
from training.transfer.request import prepare
from training.transfer.run import refuse
from training.transfer.siblings import check_siblings
from training.transfer.tensors import INDEX, SINGLE, Checkpoint, open_checkpoint
from training.tuning.conversations import read_conversations


def find(recipe: Recipe, tools: Tools, weights: bool) -> dict[str, Path]:
    """Base and instruct as folders. Raises where one cannot be had or read."""
    named = {"base": recipe.base} | ({"instruct": recipe.instruct} if recipe.instruct else {})
    found = {role: find_model(role, name, weights, tools.say) for role, name in named.items()}
    for role, folder in found.items():
        try:
            check_folder(folder) if weights or has_weights(folder) else read_config(folder)
        except CheckpointError as problem:
            raise CheckpointError(f"{role}: {problem}") from None
    return found


def hole_template(recipe: Recipe, parents: dict[str, Path]) -> str:
    """The fill-in-the-middle template of pre-training, by its name; empty where no document gets a hole."""
    settings = recipe.pretrain
    if settings is None or not settings.fim.rate:
        return ""
    folder = parents["base"]
    name = None if Path(recipe.base).is_dir() else recipe.base
    try:
        renderer = TokenRenderer.from_folder(folder)
        return describe(folder, renderer, read_config(folder), name, settings.fim.template).template.name
    except TemplateError as problem:
        raise RecipeError(
            f"pretrain.fim: {str(problem).partition(';')[0]}; name the model family's own as `template`, or set "
            "`rate: 0`"
        ) from None


def has_weights(folder: Path) -> bool:
    """Whether weights lie there."""
    return (folder / SINGLE).is_file() or (folder / INDEX).is_file()


def _siblings(work: Work) -> None:
    """The transfer's own checks, with the base in the place of what will be pre-trained."""
    if work.recipe.instruct is None:
        return
    if not all(has_weights(folder) for folder in work.parents.values()):
        check_siblings({role: Checkpoint(path, read_config(path), {}) for role, path in work.parents.items()})
        return
    part = work.recipe.transfer
    if part is None:
        return
    scale = part.scale if part.scan is None else part.scan.scales[0]
    try:
        refuse(prepare(request_for(work, part, scale, pretrained=work.parents["base"])))
    except VernacularError as problem:
        raise RecipeError(f"transfer: {problem}") from None


def _fittings(recipe: Recipe) -> list[tuple[str, FitSettings, str]]:
    """Part of the recipe, its settings, and the parent that learns."""
    fits: list[tuple[str, FitSettings | None, str]] = [
        ("pretrain", recipe.pretrain, "base"),
        ("pretrain", recipe.pretrain if recipe.pretrain_instruct else None, "instruct"),
        ("tune", recipe.tune, "instruct"),
    ]
    return [(part, settings, role) for part, settings, role in fits if settings is not None]


def _accelerate(work: Work) -> None:
    recipe = work.recipe
    for part, settings in (("pretrain", recipe.pretrain), ("tune", recipe.tune), ("reinforce", recipe.reinforce)):
        file = settings.accelerate if settings else None
        if file is not None and not file.is_file():
            raise RecipeError(f"{part}.accelerate: {file}: no such file; `accelerate config --config_file` writes one")


def _context(work: Work) -> None:
    recipe = work.recipe
    for part, settings, role in _fittings(recipe):
        folder = work.parents[role]
        limit = context_limit(read_config(folder), folder)
        if settings.row_tokens > limit:
            raise RecipeError(
                f"{part}.row_tokens: {settings.row_tokens} is more than the {role} model's context; at most {limit}"
            )
        count = processes_of(settings.accelerate)
        at_once = settings.row_tokens * settings.rows_at_once * count
        if settings.tokens_per_step % at_once:
            raise RecipeError(
                f"{part}.tokens_per_step: {settings.tokens_per_step} is no multiple of row_tokens * rows_at_once * "
                f"{count} processes = {at_once}"
            )
    if recipe.pretrain and recipe.pretrain.lora and recipe.pretrain.new_tokens:
        raise RecipeError("pretrain: new_tokens need all weights to learn; leave out lora, or the new tokens")


def _modules(work: Work) -> None:
    """Layers that an adapter is asked for are some of the model's."""
    adapters = [(part, settings.lora, role) for part, settings, role in _fittings(work.recipe)]
    if reinforce := work.recipe.reinforce:
        adapters.append(("reinforce", reinforce.lora, parent_of(reinforce.model)))
    for part, lora, role in adapters:
        folder = work.parents[role]
        if lora is None or isinstance(lora.modules, str) or not has_weights(folder):
            continue
        names = {
            name.removesuffix(".weight")
            for name, tensor in open_checkpoint(folder).tensors.items()
            if len(tensor.shape) == 2
        }
        for module in lora.modules:
            if not any(f".{name}".endswith(f".{module}") for name in names):
                known = ", ".join(sorted({name.rpartition(".")[2] for name in names}))
                raise RecipeError(f"{part}.lora.modules: the {role} model has no layer {module!r}; it has {known}")


def _conversations(work: Work) -> None:
    recipe = work.recipe
    asked = recipe.evaluate
    source = recipe.transfer.tokenizer_from if recipe.transfer else "instruct"
    tokenizers = {
        "base": "base",
        "pretrained": "base",
        "transferred": "base" if source == "pretrained" else source,
        "instruct": "instruct",
        "tuned": "instruct",
        "instruct-pretrained": "instruct",
    }
    asking: dict[str, tuple[str, str]] = {
        f"evaluate.arms.{name}": (arm.model, arm.strategy) for name, arm in (asked.arms.items() if asked else ())
    }
    begins = recipe.reinforce.model if recipe.reinforce else ""
    if recipe.reinforce:
        tokenizers["reinforced"] = tokenizers[begins]
        asking["reinforce"] = (begins, recipe.reinforce.strategy)
    for where, (model, strategy) in asking.items():
        if strategy not in ASKED or has_chat_template(work.parents[tokenizers[model]]):
            continue
        made = begins if model == "reinforced" else model
        if made == "tuned" and recipe.tune and recipe.tune.chat_template:
            continue
        if made == "transferred" and has_chat_template(work.parents["instruct"]):
            continue
        raise ConfigError(
            f"{where}: {strategy} holds a conversation, and the model {model} has no chat template; use "
            f"{'a model that has one' if where == 'reinforce' else 'the strategy completion or infill'}"
        )


def _tuning(work: Work) -> None:
    part = work.recipe.tune
    if part is None:
        return
    for key in ("conversations", "held_out", "chat_template"):
        path = getattr(part, key)
        if path is not None and not path.is_file():
            raise RecipeError(f"tune.{key}: {path}: no such file; check the path, which is relative to the recipe")
    for key in ("conversations", "held_out"):
        path = getattr(part, key)
        if path is not None and not sum(1 for _ in read_conversations(path)):
            raise RecipeError(f"tune.{key}: {path} holds no conversation")
    if part.chat_template is None and not has_chat_template(work.parents["instruct"]):
        raise RecipeError("tune: the instruct model has no chat template; name a file of one as `chat_template`")


CHECKS: tuple[Callable[[Work], None], ...] = (_siblings, _accelerate, _context, _modules, _conversations, _tuning)
