"""What a person may choose of each method of `vernacular synthesise`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from evaluation.strategies.registry import StrategyOptions
from training.pipeline.parts import Way
from training.settings import SettingsModel, Share
from training.tuning.settings import PairSettings


class RunToRead(SettingsModel):
    """A run that `vernacular evaluate` wrote."""

    run: Path = Field(description="its folder")
    tasks: Path = Field(description="the file of tasks that it was made from")


class Keeping(SettingsModel):
    """Which of a task's answers that pass are kept: the first ones that differ."""

    keep: int = Field(default=4, description="answers of one task at most", ge=1)
    similarity: float = Field(
        default=0.9, description="estimated Jaccard similarity from which two of them are the same", gt=0.1, le=0.95
    )
    max_pass_rate: Share = Field(
        default=1.0, description="tasks of which a larger share of the answers passes are left out: too easy"
    )
    answer: Literal["code", "whole"] = Field(
        default="code", description="what is learned: the code alone in a block, or the answer as it came"
    )


class Sample(Way, Keeping):
    """Rejection sampling (RFT, arXiv 2308.01825): answers to tasks with tests or cases; those that pass are kept."""

    strategy: Literal["completion", "zero-shot", "few-shot", "retrieval", "chain-of-thought"] = Field(
        default="zero-shot", description="how tasks are asked; what is learned is the question without examples"
    )
    benchmarks: tuple[Path, ...] = Field(default=(), description="files of tasks that are asked")
    runs: tuple[RunToRead, ...] = Field(default=(), description="runs that are there already")
    format: str | None = Field(default=None, description="format of the files; null: by their fields")
    language: str | None = Field(default=None, description="language of files that do not say theirs")
    samples: int = Field(default=8, description="answers to each task", ge=1)
    limit: int | None = Field(default=None, description="only so many tasks of each file", ge=1)

    @model_validator(mode="after")
    def _something_to_read(self) -> Self:
        if not self.benchmarks and not self.runs:
            raise ValueError("names neither `benchmarks` to ask nor `runs` that are there; name one")
        return self

    def options(self) -> StrategyOptions:
        """What the strategy is given."""
        return StrategyOptions(
            examples=self.examples,
            shots=self.shots,
            similar=self.similar,
            documentation=self.documentation,
            sections=self.sections,
        )


class Testing(SettingsModel):
    """Tests that the model writes for a function of the corpus, and what they have to show."""

    corpus: Path = Field(description="folder that `vernacular corpus build` wrote; what it holds out is not read")
    languages: tuple[str, ...] = Field(description="whose functions are read: names of language files", min_length=1)
    limit: int | None = Field(default=None, description="functions at most, chosen by the seed; null: all", ge=1)
    min_bytes: int = Field(default=20, description="shorter ones are not taken", ge=1)
    max_bytes: int = Field(default=4000, description="longer ones are not taken", ge=1)
    context_bytes: int = Field(
        default=4000,
        description="earlier definitions of the file that a function names go with it, up to so many",
        ge=0,
    )
    tests: int = Field(default=6, description="tests that are asked for", ge=1)
    min_tests: int = Field(default=2, description="tests that the function has to pass; others are left out", ge=1)
    mutants: int = Field(default=6, description="changed functions that the tests are tried on; 0: none", ge=0)
    caught: Share = Field(default=0.5, description="share of those that run which the tests have to notice")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.min_tests > self.tests:
            raise ValueError(f"min_tests: {self.min_tests} of {self.tests} tests cannot pass; ask for more `tests`")
        if self.min_bytes > self.max_bytes:
            raise ValueError(f"min_bytes: {self.min_bytes} is more than max_bytes: {self.max_bytes}; raise that")
        return self

    def pairs(self, seed: int, *, documentation: tuple[int, int]) -> PairSettings:
        """How functions are found; `documentation` is the least and the most that they may say, in bytes."""
        found = PairSettings(
            languages=self.languages,
            seed=seed,
            min_function_bytes=self.min_bytes,
            max_function_bytes=self.max_bytes,
            context_bytes=self.context_bytes,
        )
        return found.model_copy(
            update={"min_documentation_bytes": documentation[0], "max_documentation_bytes": documentation[1]}
        )


class MultiplT(Testing):
    """MultiPL-T (arXiv 2308.09895): documented functions whose tests, written by the model, they pass."""


class InverseInstruct(Testing):
    """Inverse-Instruct (arXiv 2407.05700): code, and the instruction that leads to code that does the same."""

    programs: bool = Field(
        default=False, description="take whole files that read standard input and print, in place of functions"
    )

    documented: bool = Field(default=False, description="take functions that say what they do, too")
    attempts: int = Field(default=1, description="answers to the instruction, one of which has to pass", ge=1)
    inputs: int = Field(default=8, description="inputs that are asked for, for a program", ge=1)
    min_cases: int = Field(default=3, description="inputs on which it has to end well", ge=1)

    @model_validator(mode="after")
    def _enough_inputs(self) -> Self:
        if self.min_cases > self.inputs:
            raise ValueError(f"min_cases: {self.min_cases} of {self.inputs} inputs cannot be; ask for more `inputs`")
        return self


class Reversing(SettingsModel):
    """A program, inputs, the outputs that it gives, and at last the statement (AutoCodeBench, arXiv 2508.09101)."""

    inputs: int = Field(default=8, description="inputs that are asked for", ge=1)
    min_cases: int = Field(default=3, description="inputs on which the program has to end well", ge=1)
    attempts: int = Field(
        default=1, description="answers to the statement, one of which has to pass; 0: it is not tried", ge=0
    )

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.min_cases > self.inputs:
            raise ValueError(f"min_cases: {self.min_cases} of {self.inputs} inputs cannot be; ask for more `inputs`")
        return self


class Reverse(Reversing):
    """Tasks with inputs and outputs, from topics."""

    languages: tuple[str, ...] = Field(description="in which programs are written", min_length=1)
    count: int = Field(default=100, description="programs that are asked for in each language", ge=1)
    topics: tuple[str, ...] = Field(default=(), description="what they are about, in turn; none: common topics")
    corpus: Path | None = Field(
        default=None, description="folder of a built corpus; a function of it is shown with each topic"
    )


class FromTasks(Reversing):
    """Tasks made of tasks that have solutions."""

    tasks: tuple[Path, ...] = Field(default=(), description="files of tasks; never those that are measured on")
    made: bool = Field(default=True, description="also the tasks that the recipe's methods before this one made")


class Evolve(FromTasks):
    """A task changed or made harder (Evol-Instruct, arXiv 2306.08568), and proved again."""

    per_task: int = Field(default=1, description="changes of each task", ge=1)
    changes: tuple[str, ...] = Field(default=(), description="how tasks are changed, in turn; none: common changes")


class Combine(FromTasks):
    """Two tasks made into one, and proved again."""

    count: int = Field(default=100, description="pairs of tasks of one language that are drawn", ge=1)
