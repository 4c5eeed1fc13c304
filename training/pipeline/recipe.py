"""The schema of a recipe that continues a model: what a platform team writes for `vernacular train`.

Paths are relative to the recipe's file, those of a corpus in a file of its own relative to that file. Stages are
optional parts, run in the order of their declaration. What one part needs of another is checked here; what needs a
look at models, disks or tool chains is checked by `checks/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from core.errors import RecipeError
from core.yaml import load_yaml_model
from training.corpora.settings import CorpusSettings, load_settings
from training.corpora.settings import resolved as resolved_corpus
from training.pipeline.parts import MADE_BY, Evaluate, Name, Reinforce, Transfer, Tune
from training.pretraining.settings import PretrainSettings
from training.settings import SettingsModel, path_at, with_paths


class Recipe(SettingsModel):
    """One recipe."""

    name: Name = Field(description="name of the run and of the checkpoint")
    base: str = Field(description="base model: a folder, or an id on the Hugging Face hub", min_length=1)
    instruct: str | None = Field(default=None, description="its sibling that was tuned on instructions")
    language_folders: tuple[Path, ...] = Field(default=(), description="folders with language files of one's own")
    corpus: CorpusSettings | None = Field(default=None, description="code and documentation to learn; docs/corpus.md")
    corpus_file: Path | None = Field(default=None, description="the same in a file of its own")
    replay: CorpusSettings | None = Field(default=None, description="general code, to keep what the model knew")
    replay_file: Path | None = Field(default=None, description="the same in a file of its own")
    pretrain: PretrainSettings | None = Field(default=None, description="continued pre-training of the base model")
    transfer: Transfer | None = Field(default=None, description="what instruction tuning changed, added to it")
    tune: Tune | None = Field(default=None, description="an arm: the instruct model tuned on conversations")
    pretrain_instruct: bool = Field(default=False, description="an arm: the instruct model pre-trained in the same way")
    reinforce: Reinforce | None = Field(default=None, description="learn from running what it writes")
    evaluate: Evaluate | None = Field(default=None, description="benchmarks and arms")
    gate: Path | None = Field(default=None, description="policy that the candidate is judged by; docs/gate.md")

    @field_validator("corpus_file")
    @classmethod
    def _corpus_once(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return _once(value, info, "corpus")

    @field_validator("replay_file")
    @classmethod
    def _replay_once(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return _once(value, info, "replay")

    @field_validator("pretrain")
    @classmethod
    def _what_is_read(cls, value: PretrainSettings | None, info: ValidationInfo) -> PretrainSettings | None:
        if value is None:
            return None
        _needs(info, "pretrain", "corpus", "corpus_file")
        if value.replay_share > 0:
            _needs(info, "replay_share", "replay", "replay_file")
        elif _has(info, "replay", "replay_file"):
            raise ValueError("replay_share is 0, so the replay corpus would not be read; set it, say 0.2")
        return value

    @field_validator("transfer")
    @classmethod
    def _what_is_added(cls, value: Transfer | None, info: ValidationInfo) -> Transfer | None:
        if value is not None:
            _needs(info, "transfer", "pretrain")
            _needs(info, "transfer", "instruct")
        return value

    @field_validator("tune")
    @classmethod
    def _what_is_tuned(cls, value: Tune | None, info: ValidationInfo) -> Tune | None:
        if value is not None:
            _needs(info, "tune", "instruct")
            if value.pairs is not None:
                _needs(info, "tune.pairs", "corpus", "corpus_file")
        return value

    @field_validator("pretrain_instruct")
    @classmethod
    def _what_is_pretrained(cls, value: bool, info: ValidationInfo) -> bool:
        if value:
            _needs(info, "pretrain_instruct", "pretrain")
            _needs(info, "pretrain_instruct", "instruct")
        return value

    @field_validator("reinforce")
    @classmethod
    def _who_begins(cls, value: Reinforce | None, info: ValidationInfo) -> Reinforce | None:
        if value is not None:
            _needs(info, f"reinforce.model: {value.model}", MADE_BY.get(value.model, value.model))
        return value

    @field_validator("evaluate")
    @classmethod
    def _who_is_asked(cls, value: Evaluate | None, info: ValidationInfo) -> Evaluate | None:
        for name, arm in value.arms.items() if value else ():
            part = MADE_BY.get(arm.model, arm.model)
            if not _has(info, part):
                raise ValueError(f"arm {name!r} asks the model {arm.model}, which needs the key `{part}` in the recipe")
        return value

    @field_validator("gate")
    @classmethod
    def _who_is_judged(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None:
            return None
        _needs(info, "gate", "evaluate")
        evaluate: Evaluate | None = info.data.get("evaluate")
        if evaluate is not None and evaluate.candidate is None:
            raise ValueError("nobody is judged; name an arm as evaluate.candidate")
        if evaluate and evaluate.candidate and evaluate.arms[evaluate.candidate].model not in MADE_BY:
            raise ValueError("the candidate is not a model that this recipe makes; name another arm as candidate")
        return value


def load_recipe(path: Path) -> Recipe:
    """Read a recipe and resolve its paths. Raises `RecipeError` with file, line and the nearest right key."""
    recipe = load_yaml_model(path, Recipe, RecipeError)
    return _resolved(recipe, path.parent)


def is_from_nothing(path: Path) -> bool:
    """Whether a recipe makes a model from nothing: it says a shape of a model, or packages of registries.

    A file that cannot be read as YAML is none; reading it as the other kind says what is wrong with it.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        shape = "model" in (content.get("pretrain") or {})
        sources = (content.get("corpus") or {}).get("sources") or []
        return shape or any("registry" in source for source in sources)
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError):
        return False


def _has(info: ValidationInfo, *parts: str) -> bool:
    """Whether any of the parts is there; a part that is wrong itself counts as there."""
    return any(part not in info.data or info.data[part] for part in parts)


def _needs(info: ValidationInfo, what: str, *parts: str) -> None:
    if not _has(info, *parts):
        raise ValueError(f"{what} needs the key `{'` or `'.join(parts)}` in the recipe")


def _once(value: Path | None, info: ValidationInfo, part: str) -> Path | None:
    if value is not None and info.data.get(part) is not None:
        raise ValueError(f"`{part}` stands in the recipe too; keep one of the two")
    return value


def _resolved(recipe: Recipe, base: Path) -> Recipe:
    """The recipe with absolute paths; corpora of files of their own are read."""
    folders = tuple(path_at(base, path) for path in recipe.language_folders)
    changes: dict[str, Any] = {"language_folders": folders}
    for part in ("corpus", "replay"):
        settings, file = getattr(recipe, part), getattr(recipe, f"{part}_file")
        if file is not None:
            settings = load_settings(path_at(base, file))
        elif settings is not None:
            settings = resolved_corpus(settings, base.absolute())
        if settings is not None and not settings.language_folders:
            settings = settings.model_copy(update={"language_folders": tuple(map(str, folders))})
        changes |= {part: settings, f"{part}_file": None}
    for role in ("base", "instruct"):
        named = getattr(recipe, role)
        if named is not None and path_at(base, Path(named)).exists():
            changes[role] = str(path_at(base, Path(named)))
    for part in ("pretrain", "transfer", "tune", "reinforce", "evaluate", "gate"):
        changes[part] = with_paths(getattr(recipe, part), base)
    return recipe.model_copy(update=changes)
