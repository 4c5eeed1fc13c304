"""A small project with a recipe, and fakes in the places of fitting and generating; all else is real.

python small.py RECIPE OUTPUT TEXT      runs the recipe and kills itself where a line with TEXT is said
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file, save_file

from core.checkpoint import MANIFEST, CorpusRecord, Manifest, model_files_sha256
from core.language_files import load_languages
from evaluation.formats import read_benchmark
from evaluation.running.evaluate import RunChoice
from evaluation.runs import Result, RunDescription, RunSettings, RunWriter
from evaluation.tasks import Scoring, Task
from evaluation.verdicts import Verdict
from tests.training.small_models import save_model
from training.pipeline.tools import Kind, Tools
from training.pretraining.settings import PretrainJob
from training.reinforcement.settings import ReinforceJob
from training.tuning.settings import TuneJob

ROOT = Path(__file__).resolve().parents[3]
SKILL = {"base": 1, "instruct": 4, "pretrain": 5, "model": 8, "tune": 5, "pretrain-instruct": 6, "merged": 5}
"""Of ten tasks, how many a model solves: by the name of its folder, or of the stage that it lies in."""
RECIPE: dict[str, Any] = {
    "name": "small",
    "base": "models/base",
    "instruct": "models/instruct",
    "corpus": {
        "languages": ["lua"],
        "sources": [{"folder": "code"}],
        "split": {"held_out": 0.3},
        "code": {"min_bytes": 10},
        "workers": 1,
    },
    "pretrain": {
        "fim": {"rate": 0.0},
        "row_tokens": 64,
        "tokens_per_step": 128,
        "epochs": 1,
        "optimizer": {"learning_rate": 0.001},
    },
    "transfer": {"method": "difference", "scale": 1.0},
    "evaluate": {
        "benchmarks": [{"file": "tasks.jsonl", "where": {"split": "final"}}],
        "arms": {
            "zero-shot": {"model": "instruct", "strategy": "zero-shot"},
            "pretrained": {"model": "pretrained", "strategy": "completion"},
            "transferred": {"model": "transferred", "strategy": "zero-shot"},
        },
        "candidate": "transferred",
        "incumbent": "zero-shot",
        "sandbox": "none",
    },
    "gate": "policy.yaml",
}
POLICY = {"min_tasks": 5, "minimum": [{"benchmark": "tasks", "at_least": 0.5}]}


def write_project(folder: Path) -> Path:
    """Models, code, tasks and a policy; the recipe's file."""
    added = ("<|im_start|>", "<|im_end|>")
    base = save_model(folder / "models" / "base", seed=1)
    save_model(folder / "models" / "instruct", seed=2, start=base, added=added, chat=True)
    for package in range(8):
        for number in range(3):
            path = folder / "code" / f"package{package}" / f"file{number}.lua"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"local value_{package}_{number}_{line} = {line * package}\n" for line in range(9)))
    write_tasks(folder / "tasks.jsonl", {"final": 10, "development": 4})
    (folder / "policy.yaml").write_text(yaml.safe_dump(POLICY))
    return write_recipe(folder)


def write_recipe(folder: Path, **changes: Any) -> Path:
    """The recipe with other parts; a part that is None is left out."""
    recipe = {name: part for name, part in {**RECIPE, **changes}.items() if part is not None}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


def write_tasks(path: Path, splits: dict[str, int]) -> Path:
    """Tasks to add a number, with the label `split`."""
    lines = []
    for split, count in splits.items():
        for number in range(count):
            name = f"{split}_{number}"
            head = f"def {name}(value: int) -> int:\n"
            task = Task(
                id=f"add/{name}",
                language="python",
                scoring=Scoring.TESTS,
                statement=f"Add {number} to the value.",
                before=head,
                program_head=head,
                program_tail=f"\nassert {name}(5) == {5 + number}\n",
                canonical=f"    return value + {number}\n",
                entry_point=name,
                labels={"split": split},
            )
            lines.append(task.model_dump_json(exclude_defaults=True) + "\n")
    path.write_text("".join(lines))
    return path


@dataclass
class Fakes:
    """Remembers what was asked for. `kill_at`: a line in which this process ends itself."""

    kill_at: str = ""
    said: list[str] = field(default_factory=list)
    fitted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def tools(self) -> Tools:
        return Tools(say=self.say, fit=self.fit, answer=self.answer)

    def say(self, line: str) -> None:
        self.said.append(line)
        if self.kill_at and self.kill_at in line:
            os.kill(os.getpid(), signal.SIGKILL)

    def fit(self, kind: Kind, job: PretrainJob | TuneJob | ReinforceJob) -> None:
        """The model moved a little, or an adapter that moves it."""
        self.fitted.append(job.folder.name)
        source = Path(job.model)
        steps = job.folder / "steps"
        steps.mkdir(parents=True, exist_ok=True)
        before = int((steps / "done").read_text()) if (steps / "done").exists() else 0
        for step in range(before + 1, 4):
            (steps / "done").write_text(str(step))
            self.say(f"{kind}: step {step} of 3")
        torch.manual_seed(5)
        tensors = load_file(str(source / "model.safetensors"))
        if job.settings.lora:
            _write_adapter(job.folder / "adapter", tensors)
        else:
            model = job.folder / "model"
            model.mkdir(exist_ok=True)
            for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
                (model / name).write_bytes((source / name).read_bytes())
            moved = {name: tensor + 0.001 * torch.randn(tensor.shape).to(tensor) for name, tensor in tensors.items()}
            save_file(moved, str(model / "model.safetensors"), metadata={"format": "pt"})
            corpus = CorpusRecord()
            if isinstance(job, PretrainJob):
                listed = json.loads((job.corpus / "corpus.json").read_bytes())["files_sha256"]
                corpus = CorpusRecord(files_sha256={k: v for k, v in listed.items() if k.startswith("train-")})
            unknown: dict[str, Any] = dict.fromkeys(("template", "recipe", "recipe_sha256", "machine", "finished"), "")
            unknown |= {"seeds": {}, "versions": {}, "bytes_per_token": 0, "trained_tokens": 990_000, "complete": True}
            files = model_files_sha256(model)
            manifest = Manifest(
                name="small", parameters=1, context_tokens=128, corpus=corpus, files_sha256=files, **unknown
            )
            (model / MANIFEST).write_text(manifest.model_dump_json())
        points: list[dict[str, Any]] = [{"step": 0, "tokens": 0, "bits_per_byte": {"lua": 2.4, "text": 2.0}}]
        for step in range(1, 21):
            points.append({"step": step, "tokens": step * 50_000, "loss": 1.2 + 2.0 / step, "tokens_per_s": 4100.0})
            if step % 5 == 0:
                measured = {"lua": 1.0 + 1.4 / step, "text": 1.8 + 0.2 / step}
                points.append({"step": step, "tokens": step * 50_000, "bits_per_byte": measured})
        (job.folder / "curve.jsonl").write_text("".join(json.dumps(point) + "\n" for point in points))
        record = {
            "steps": 20, "tokens": 990_000, "total_tokens": 990_000, "seconds_s": 240.0, "tokens_per_s": 4125.0,
            "ended": "all steps", "best_step": 20, "bits_per_byte": {"lua": 1.07, "text": 1.81}, "model_step": 20,
            "peak_memory_bytes": 77_700_000_000, "peak_gpu_memory_bytes": 0, "device": "2 CPU threads", "rows": {},
        }  # fmt: skip
        (job.folder / "fit.json").write_text(json.dumps(record))

    def answer(self, choice: RunChoice) -> Sequence[Path]:
        """Answers of which some are right, by the model's name."""
        folders = []
        for path in choice.benchmarks:
            benchmark = read_benchmark(path, choice.format, choice.language, load_languages(choice.languages))
            folder = choice.output if len(choice.benchmarks) == 1 else choice.output / benchmark.name
            self.asked.append(folder.parent.name)
            model = Path(str(choice.model.model))
            tasks = benchmark.tasks[: choice.limit]
            with RunWriter(folder, _description(choice, benchmark.name, benchmark.sha256, len(tasks), model)) as run:
                for number, task in enumerate(tasks):
                    run.add(_result(task, number % 10 < _skill(model)))
            folders.append(folder)
        return folders


def _skill(model: Path) -> int:
    if model.name == "trial":  # the transfer's scan: the middle scale is best
        parent = json.loads((model / "vernacular.json").read_bytes())["transfer"]
        return {0.5: 6, 1.0: 9}.get(parent["scales"][0], 3)
    name = model.name if model.name in SKILL and model.parent.name != "pretrain" else model.parent.name
    if model.name == "model" and model.parent.name in SKILL:
        name = model.parent.name
    return SKILL.get(name, 5)


def _description(choice: RunChoice, name: str, sha256: str, tasks: int, model: Path) -> RunDescription:
    settings = RunSettings(
        benchmark=name,
        benchmark_format="vernacular",
        benchmark_sha256=sha256,
        tasks=tasks,
        limit=choice.limit,
        model=str(model),
        model_files_sha256=model_files_sha256(model),
        strategy=choice.strategy or "",
        sampling=choice.sampling,
        limits={},
        sandbox=choice.sandbox,
    )
    return RunDescription(settings=settings, model_folder=str(model), provenance={})


def _result(task: Task, right: bool) -> Result:
    completion = task.canonical if right else "    return value\n"
    return Result(
        task=task.id,
        language=task.language,
        labels=task.labels,
        prompt=task.statement,
        answer=f"Here it is:\n```python\n{task.program_head}{completion}```\n",
        completion=completion,
        program=task.program(completion or ""),
        verdict=Verdict.PASSED if right else Verdict.RUNTIME_ERROR,
        detail="" if right else "AssertionError",
        prompt_tokens=20,
        new_tokens=12,
        generated_ms=120.0,
        seed=0,
        finished="2026-01-01T00:00:00+00:00",
    )


def _write_adapter(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    folder.mkdir(exist_ok=True)
    factors = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 2 and "embed" not in name and "lm_head" not in name:
            module = f"base_model.model.{name.removesuffix('.weight')}"
            factors[f"{module}.lora_A.weight"] = 0.01 * torch.randn(2, tensor.shape[1])
            factors[f"{module}.lora_B.weight"] = 0.01 * torch.randn(tensor.shape[0], 2)
    save_file(factors, str(folder / "adapter_model.safetensors"))
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": "all-linear"}
    (folder / "adapter_config.json").write_text(json.dumps(config))


def main() -> None:
    """See the module."""
    from training.pipeline.runner import run_recipe

    for line in sys.stdin:
        recipe, output, text = json.loads(line)
        child = os.fork()
        if child == 0:
            run_recipe(Path(recipe), Path(output), Fakes(kill_at=text).tools())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
