"""The real trainer, a real model of this project, the real sandbox, and a language that joins with its YAML file alone.

The embedded instruct model is tuned on a few programs first, so that some of what it writes is right.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import training.reinforcement.run as running
from core.errors import ConfigError, SandboxError, TrainingError
from core.language_files import load_languages
from core.sandbox import Limits, Outcome, Program
from core.unprotected import Unprotected
from evaluation.models.base import Chat
from evaluation.strategies.registry import StrategyOptions, strategy_named
from evaluation.tasks import Case, Scoring, Task
from training.curve import read_curve
from training.fitting.settings import LoraSettings, OptimizerSettings
from training.reinforcement.run import reinforce
from training.reinforcement.settings import PolicySettings, ReinforceJob, ReinforceSettings, TaskSource
from training.tuning.fitting import tune
from training.tuning.settings import TuneJob, TuneSettings

ROOT = Path(__file__).resolve().parents[3]
INSTRUCT = ROOT / "examples" / "models" / "embedded-instruct"
TALLY = Path(__file__).with_name("tally.py")
SPEC = """
name: tally
display_name: Tally
extensions: [.tally]
line_comments: [";"]
note: A stack of numbers. The words are read, dup, add, mul, print and numbers.
execution:
  file: main.tally
  check: [python3, "{languages}/tally.py", --check, main.tally]
  run: [python3, "{languages}/tally.py", main.tally]
  mark: "; {mark}"
  read_only: ["{languages}"]
  install: "true"
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that writes Tally, with numbers of its own choice."""
    folder = tmp_path_factory.mktemp("tuned")
    shutil.copyfile(TALLY, folder / "tally.py")
    (folder / "tally.yaml").write_text(SPEC)
    spec, ask = load_languages([folder], {}).named("tally"), strategy_named("zero-shot", StrategyOptions())
    conversations = []
    for number in range(2, 10):
        task = Task.model_validate_json(line("taught", number))
        prompt = ask.prompt(task, spec)
        assert isinstance(prompt, Chat)
        turns = [{"role": each.role, "content": each.text} for each in prompt.messages]
        answer = f"```tally\nread {number} mul print\n```"
        conversations.append(json.dumps({"messages": [*turns, {"role": "assistant", "content": answer}]}) + "\n")
    (folder / "conversations.jsonl").write_text("".join(conversations))
    settings = TuneSettings(
        epochs=6,
        row_tokens=256,
        rows_at_once=2,
        tokens_per_step=512,
        threads=1,
        optimizer=OptimizerSettings(learning_rate=1e-3, beta2=0.98),
    )
    conversations_file = folder / "conversations.jsonl"
    job = TuneJob(model=str(INSTRUCT), conversations=conversations_file, settings=settings, folder=folder / "run")
    tune(job)
    return folder / "run" / "model"


@pytest.fixture
def tally(tmp_path: Path) -> Path:
    """A folder with the language file and its interpreter; nothing else knows the language."""
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / "tally.yaml").write_text(SPEC)
    shutil.copyfile(TALLY, folder / "tally.py")
    return folder


def job(folder: Path, languages: Path, model: Path, **settings: Any) -> ReinforceJob:
    """Two steps of two tasks with four short answers each."""
    tasks = folder / "tasks.jsonl"
    if not tasks.exists():
        folder.mkdir(parents=True, exist_ok=True)
        tasks.write_text("".join(line("learned", number) for number in range(2, 6)))
        (folder / "held.jsonl").write_text("".join(line("held", number) for number in range(6, 9)))
    chosen: dict[str, Any] = {
        "rewards": {"passed": 1.0, "compiled": 0.5, "format": 0.25, "brevity": 0.1},
        "policy": PolicySettings(learning_rate=1e-4, kl=0.01),
        "steps": 2,
        "tasks_per_step": 2,
        "samples": 4,
        "rows_at_once": 8,
        "max_new_tokens": 24,
        "temperature": 1.0,
        "measure_every_steps": 1,
        "threads": 1,
        "limits": Limits(cpu_s=2.0, wall_s=20.0),
    }
    return ReinforceJob(
        model=str(model),
        tasks=(TaskSource(file=tasks),),
        held_out=(TaskSource(file=folder / "held.jsonl"),),
        language_folders=(languages,),
        settings=ReinforceSettings(**{**chosen, **settings}),
        folder=folder / "run",
    )


def line(split: str, number: int) -> str:
    task = Task(
        id=f"{split}/{number}",
        language="tally",
        scoring=Scoring.OUTPUT,
        statement=f"Read a number and print it, multiplied by {number}.",
        cases=tuple(Case(stdin=f"{each}\n", expected=(f"{each * number}\n",)) for each in (3, 5)),
        canonical=f"read {number} mul print\n",
    )
    return json.dumps(task.model_dump(mode="json", exclude_defaults=True)) + "\n"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


def same(one: Path, other: Path) -> bool:
    left, right = weights(one), weights(other)
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_the_whole_stage_on_a_language_that_is_a_yaml_file(tmp_path: Path, tally: Path, model: Path) -> None:
    assert load_languages([tally], {}).named("tally").execution is not None
    news: list[dict[str, Any]] = []
    asked = job(tmp_path / "whole", tally, model)
    record = reinforce(asked, news.append)
    run = asked.folder
    assert (record.steps, record.ended, record.model_step) == (2, "all steps", 2)
    assert record.pass_rate is not None
    points = read_curve(run / "curve.jsonl")
    steps = [point for point in points if "parts" in point]
    assert [point["step"] for point in steps] == [1, 2]
    assert set(steps[0]["parts"]) == {"passed", "compiled", "format", "brevity"}
    assert {"reward", "entropy", "kl", "length", "same", "waited_s", "generated_s", "seconds_s"} <= steps[0].keys()
    assert [point["step"] for point in points if "pass_rate" in point] == [0, 1, 2]
    examples = [json.loads(text) for text in (run / "examples.jsonl").read_text().splitlines()]
    assert [each["step"] for each in examples] == [0] * 3 + [1] * 3 + [2] * 3
    assert {each["task"] for each in examples} == {"held/6", "held/7", "held/8"}
    assert "held-out pass rate" in (run / "curve.svg").read_text() or (run / "curve.svg").stat().st_size > 1000
    said = [each["say"] for each in news if "say" in each]
    assert "tasks: 4 to learn from, 0 left out" in said
    assert not (run / "steps").exists()
    assert not same(model, run / "model")
    assert reinforce(asked, news.append) == record
    assert news[-1] == {"say": "unchanged"}


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        pytest.param({}, "model", id="all weights"),
        pytest.param(
            {"lora": LoraSettings(rank=4, alpha=8), "policy": PolicySettings(learning_rate=1e-3, kl=0.1)},
            "adapter",
            id="an adapter, held to where it began",
        ),
    ],
)
def test_one_that_was_killed_arrives_where_one_left_alone_does(
    tmp_path: Path, tally: Path, model: Path, settings: dict[str, Any], made: str
) -> None:
    """Killed in the second pass over the tasks, behind the third checkpoint."""
    alone, killed = (job(tmp_path / name, tally, model, steps=4, **settings) for name in ("alone", "killed"))
    reinforce(alone)

    def kill(news: dict[str, Any]) -> None:
        if news.get("step") == 4 and "shown" in news:
            raise KeyboardInterrupt  # nothing is written any more

    with pytest.raises(KeyboardInterrupt):
        reinforce(killed, kill)
    assert (killed.folder / "steps" / "checkpoint-3").exists()
    assert not (killed.folder / made).exists()
    steps: list[int] = []
    reinforce(killed, lambda news: steps.append(news["step"]) if "shown" in news else None)
    assert steps == [4]
    assert same(alone.folder / made, killed.folder / made)
    told = ("step", "reward", "loss", "pass_rate")
    left, right = (
        [{key: point.get(key) for key in told} for point in read_curve(each.folder / "curve.jsonl")]
        for each in (alone, killed)
    )
    assert left == right


def test_an_adapter(tmp_path: Path, tally: Path, model: Path) -> None:
    asked = job(
        tmp_path / "adapter",
        tally,
        model,
        samples=6,
        rows_at_once=12,
        lora=LoraSettings(rank=4, alpha=8),
        policy=PolicySettings(learning_rate=1e-3, loss="grpo", ratio="sequence", kl=0.1),
        steps=1,
    )
    reinforce(asked)
    adapter = asked.folder / "adapter"
    assert json.loads((adapter / "adapter_config.json").read_text())["r"] == 4
    assert any(tensor.abs().sum() > 0 for name, tensor in weights(adapter).items() if "lora_B" in name)
    assert not (adapter / "ref").exists()


def test_a_constant_reward_ends_it_with_the_reason(tmp_path: Path, tally: Path, model: Path) -> None:
    rewards = {"partial": 1.0}
    asked = job(tmp_path / "constant", tally, model, rewards=rewards, steps=6, constant_steps=2, max_new_tokens=2)
    with pytest.raises(TrainingError, match=r"the same reward for 2 steps, now 0 at step \d, so that nothing is learn"):
        reinforce(asked)
    assert not (asked.folder / "model").exists()


class BrokenLater(Unprotected):
    """Works until `left` runs are over."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def run(self, program: Program, limits: Limits) -> Outcome:
        self.left -= 1
        if self.left < 0:
            raise SandboxError("the sandbox does not work any more")
        return super().run(program, limits)


def test_a_broken_sandbox_makes_no_update(
    tmp_path: Path, tally: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proofs = 4 * 3 + 3 * 3
    monkeypatch.setattr(running, "open_sandbox", lambda _: BrokenLater(proofs))
    asked = job(tmp_path / "broken", tally, model, sandbox="none")
    steps: list[int] = []

    def note(news: dict[str, Any]) -> None:
        if "shown" in news:
            steps.append(news["step"])

    with pytest.raises(SandboxError, match="does not work any more"):
        reinforce(asked, note)
    assert steps == []
    assert not list((asked.folder / "steps").glob("checkpoint-*"))
    monkeypatch.undo()
    assert reinforce(asked).steps == 2


def test_early_stop(tmp_path: Path, tally: Path, model: Path) -> None:
    asked = job(
        tmp_path / "early",
        tally,
        model,
        patience=1,
        steps=9,
        policy=PolicySettings(learning_rate=1e-9, warmup_share=0.0),
    )
    record = reinforce(asked)
    assert record.ended == "early"
    assert record.steps < 9
    assert record.model_step == record.best_step


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"max_new_tokens": 1000}, "lower max_new_tokens, or leave the task out"),
        ({"patience": 1, "no_held_out": True}, "patience needs held-out tasks to measure on"),
        ({"both": True}, "tasks, such as learned/2, are learned from and held out"),
        ({"tasks_per_step": 6}, "tasks_per_step is 6, and only 4 tasks can be learned from"),
    ],
)
def test_what_cannot_be(tmp_path: Path, tally: Path, model: Path, change: dict[str, Any], said: str) -> None:
    no_held_out, both = change.pop("no_held_out", False), change.pop("both", False)
    asked = job(tmp_path / "bad", tally, model, **change)
    if no_held_out or both:
        asked = asked.model_copy(update={"held_out": asked.tasks if both else ()})
    with pytest.raises(ConfigError, match=said):
        reinforce(asked)


def test_the_interpreter_itself(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "main.tally").write_text("read dup mul print ; squared\n")
    command = [sys.executable, str(TALLY), str(tmp_path / "main.tally")]
    assert subprocess.run(command, input="7\n", capture_output=True, text=True, check=True).stdout == "49\n"
