"""The parts of a recipe: the transfer, the fine-tuning arm, benchmarks and arms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from evaluation.running.evaluate import ModelChoice
from evaluation.runs import Sampling
from training.reinforcement.settings import ReinforceSettings, TaskSource
from training.settings import SettingsModel
from training.tuning.settings import PairSettings, TuneSettings

ModelName = Literal["base", "instruct", "pretrained", "transferred", "tuned", "instruct-pretrained", "reinforced"]
StrategyName = Literal[
    "infill", "completion", "zero-shot", "few-shot", "retrieval", "chain-of-thought", "reasoning-query"
]
MADE_BY = {
    "pretrained": "pretrain",
    "transferred": "transfer",
    "tuned": "tune",
    "instruct-pretrained": "pretrain_instruct",
    "reinforced": "reinforce",
}
"""Model -> the part of the recipe that makes it."""


def parent_of(model: str) -> Literal["base", "instruct"]:
    """The parent of the recipe whose layers a model has."""
    return "base" if model in ("base", "pretrained", "transferred") else "instruct"


ASKED = ("zero-shot", "few-shot", "retrieval", "chain-of-thought", "reasoning-query")
"""Strategies that hold a conversation, so that the model needs a chat template."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class Way(SettingsModel):
    """How tasks are put to a model, as `vernacular evaluate` does it."""

    strategy: StrategyName = Field(description="see docs/evaluation.md")
    examples: Path | None = Field(default=None, description="a benchmark file whose solved tasks are shown")
    shots: int = Field(default=5, description="solved tasks that are shown", ge=1)
    similar: bool = Field(default=False, description="the most similar solved tasks; else always the first ones")
    documentation: Path | None = Field(default=None, description="a folder of the language's documentation")
    sections: int = Field(default=4, description="sections of it that are shown", ge=1)

    @model_validator(mode="after")
    def _what_it_needs(self) -> Self:
        if self.strategy == "few-shot" and self.examples is None:
            raise ValueError("the strategy few-shot shows solved tasks; name their file with `examples`")
        if self.strategy == "retrieval" and self.documentation is None:
            raise ValueError("the strategy retrieval shows documentation; name its folder with `documentation`")
        return self


class Arm(Way):
    """A model and how it is asked."""

    model: ModelName = Field(description="which model")


class Scan(Way):
    """Which scale of the difference is best on development tasks; of equals the one nearest to 1."""

    scales: tuple[float, ...] = Field(default=(0.5, 0.75, 1.0, 1.25), description="scales to try", min_length=2)
    benchmark: Path = Field(description="file of development tasks; never those of the evaluation")
    strategy: StrategyName = Field(default="zero-shot", description="see docs/evaluation.md")
    limit: int | None = Field(default=None, description="only so many tasks, from the first on", ge=1)


class Transfer(SettingsModel):
    """The weight-difference transfer, as `vernacular transfer` does it."""

    method: Literal["difference", "ties", "dare", "slerp", "top-k"] = Field(
        default="difference", description="see docs/transfer.md"
    )
    scale: float | None = Field(default=None, description="factor of the difference; null: the method's default")
    scale_of: dict[str, float] = Field(default={}, description="further factor of some tensors, by pattern")
    leave_out: tuple[str, ...] = Field(default=(), description="tensors that nothing is added to, such as 'mtp.*'")
    density: float | None = Field(default=None, description="ties, dare, top-k: share that is kept", gt=0, le=1)
    seed: int | None = Field(default=None, description="dare: seed of the choice")
    dtype: Literal["float32", "float16", "bfloat16"] | None = Field(
        default=None, description="of the weights; null: as in the pretrained model"
    )
    tokenizer_from: Literal["base", "instruct", "pretrained"] = Field(
        default="instruct", description="whose tokenizer, chat template and generation settings the output has"
    )
    scan: Scan | None = Field(default=None, description="find the scale on development tasks")

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        if self.scan is not None and self.scale is not None:
            raise ValueError("names a scale and a scan that finds one; leave one of the two away")
        return self

    @property
    def plain(self) -> bool:
        """Whether an adapter, merged into the instruct model, is the same sum."""
        return (
            self.method == "difference"
            and not (self.scale_of or self.leave_out)
            and self.seed is None
            and self.tokenizer_from == "instruct"
        )


class Tune(TuneSettings):
    """The fine-tuning arm: the instruct model, tuned on pairs that are mined from the corpus, or on conversations."""

    pairs: PairSettings | None = Field(default=None, description="documentation and function, mined from the corpus")
    conversations: Path | None = Field(default=None, description='JSON lines {"messages": [...]}')
    held_out: Path | None = Field(default=None, description="the same, only measured on")

    @model_validator(mode="after")
    def _something_to_learn(self) -> Self:
        if (self.pairs is None) is (self.conversations is None):
            raise ValueError("learns either `pairs`, mined from the corpus, or a file of `conversations`; give one")
        if self.pairs is not None and self.held_out is not None:
            raise ValueError("pairs are held out as the corpus is; leave held_out away")
        measured = self.held_out if self.pairs is None else self.pairs.max_held_out
        if self.patience is not None and not measured:
            key = "held_out" if self.pairs is None else "pairs.max_held_out"
            raise ValueError(f"patience needs something to measure on; set {key}, or leave patience away")
        return self


class Reinforce(ReinforceSettings):
    """Reinforcement learning with verified rewards, on tasks whose programs are run; docs/reinforcement.md."""

    model: ModelName = Field(description="the model that begins")
    tasks: tuple[TaskSource, ...] = Field(description="files of tasks to learn from", min_length=1)
    held_out: tuple[TaskSource, ...] = Field(default=(), description="files of tasks that are only measured on")

    @model_validator(mode="after")
    def _begins_and_measures(self) -> Self:
        if self.model == "reinforced":
            raise ValueError("begins with the model that it makes; name another one as `model`")
        if self.patience is not None and not self.held_out:
            raise ValueError("patience needs something to measure on; set held_out, or leave patience away")
        return self


class TaskFile(SettingsModel):
    """A benchmark, or the part of it whose tasks have some labels."""

    file: Path = Field(description="file of tasks, in any format that `vernacular evaluate` reads")
    name: Name | None = Field(
        default=None, description="what it is called, without dots; default: the file's name without endings"
    )
    where: dict[str, str] = Field(default={}, description="label -> value: only tasks that have them all")

    @field_validator("name")
    @classmethod
    def _without_dots(cls, value: str | None) -> str | None:
        if value and "." in value:
            raise ValueError(f"{value!r} holds a dot, which ends a file's name; write {value.replace('.', '-')!r}, say")
        return value

    @property
    def called(self) -> str:
        """Its name, which is that of the runs' folders."""
        return self.name or self.file.name.split(".", 1)[0]


class Execution(SettingsModel):
    """What one execution of a program may use."""

    cpu_s: float = Field(default=10.0, description="CPU time in seconds", gt=0)
    wall_s: float = Field(default=60.0, description="wall time in seconds", gt=0)
    memory_mib: int = Field(default=512, description="resident memory in MiB", ge=16)


class Asking(SettingsModel):
    """How answers are drawn and run; the same for every arm."""

    samples: int = Field(default=1, description="answers to each task; more need a temperature", ge=1)
    temperature: float = Field(default=0.0, description="0 is greedy", ge=0)
    seed: int = Field(default=0, description="of all sampling")
    max_new_tokens: int = Field(default=512, description="upper bound on an answer's tokens", ge=1)
    fixed_batch: bool = Field(default=False, description="one task at a time: slower, and texts repeat exactly")
    limit: int | None = Field(default=None, description="only so many tasks of each file", ge=1)
    concurrency: int = Field(default=32, description="answers asked for at once", ge=1)
    template: str | None = Field(default=None, description="fill-in-the-middle template; null: by the model's own word")
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = Field(default="auto", description="of the engine")
    max_model_len: int | None = Field(default=None, description="tokens of prompt and answer; null: all", ge=16)
    threads: int | None = Field(default=None, description="on a CPU: cores to generate on; null: all", ge=1)
    format: str | None = Field(default=None, description="format of the files; null: by their fields")
    language: str | None = Field(default=None, description="language of files that do not say theirs")
    sandbox: Literal["bubblewrap", "none"] = Field(default="bubblewrap", description="where programs run")
    limits: Execution = Field(default=Execution(), description="of each execution")

    @model_validator(mode="after")
    def _draws(self) -> Self:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(f"{self.samples} samples of a greedy answer are the same; set temperature, say 0.8")
        return self

    def sampling(self) -> Sampling:
        """How answers are drawn."""
        return Sampling(
            samples=self.samples,
            temperature=self.temperature,
            seed=self.seed,
            max_new_tokens=self.max_new_tokens,
            fixed_batch=self.fixed_batch,
        )

    def asked(self, model: Path) -> ModelChoice:
        """A model in an engine that is started for it."""
        return ModelChoice(
            model=str(model),
            template=self.template,
            dtype=self.dtype,
            max_model_len=self.max_model_len,
            threads=self.threads,
        )


class Evaluate(Asking):
    """Which models answer which tasks, and which of them is to be served."""

    benchmarks: tuple[TaskFile, ...] = Field(description="files of tasks", min_length=1)
    arms: dict[Name, Arm] = Field(description="name -> which model, and how it is asked", min_length=1)
    candidate: Name | None = Field(default=None, description="the arm that is judged and served")
    incumbent: Name | None = Field(default=None, description="the arm that it has to beat")

    @model_validator(mode="after")
    def _names(self) -> Self:
        for role in ("candidate", "incumbent"):
            name = getattr(self, role)
            if name is not None and name not in self.arms:
                raise ValueError(f"{role}: {name!r} is none of the arms: {', '.join(self.arms)}")
        if self.candidate is not None and self.candidate == self.incumbent:
            raise ValueError(f"candidate and incumbent are both {self.candidate!r}; name two arms")
        names = [benchmark.called for benchmark in self.benchmarks]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two benchmarks are called {twice}; give one a `name` of its own")
        return self
