"""The stage `reinforce` in a recipe: what it begins with, what makes it run again, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import VernacularError
from tests.training.pipeline.small import RECIPE, Fakes, write_recipe, write_tasks
from training.pipeline.checks import check, room
from training.pipeline.dry_run import dry_run
from training.pipeline.estimates import Device, disk, memory
from training.pipeline.folder import RunFolder
from training.pipeline.hashes import Hashes
from training.pipeline.recipe import load_recipe
from training.pipeline.runner import run_recipe
from training.pipeline.sizes import disk_of_run, fittings
from training.reinforcement.settings import ReinforceJob

PART: dict[str, Any] = {
    "model": "transferred",
    "tasks": [{"file": "learned.jsonl"}],
    "held_out": [{"file": "tasks.jsonl", "where": {"split": "development"}}],
    "max_new_tokens": 16,
    "sandbox": "none",
}
ARMS = {**RECIPE["evaluate"]["arms"], "reinforced": {"model": "reinforced", "strategy": "zero-shot"}}
EVALUATE = {**RECIPE["evaluate"], "arms": ARMS, "candidate": "reinforced"}


class Kept(Fakes):
    """Keeps the job too."""

    job: ReinforceJob

    def fit(self, kind: Any, job: Any) -> None:
        if isinstance(job, ReinforceJob):
            self.job = job
        super().fit(kind, job)


def write(project: Path, **changes: Any) -> Path:
    """The recipe with the stage, and its tasks."""
    write_tasks(project / "learned.jsonl", {"learned": 6})
    return write_recipe(project, reinforce={**PART, **changes}, evaluate=EVALUATE, gate=None)


def run(project: Path, fakes: Fakes, *, resume: bool = False) -> None:
    run_recipe(project / "recipe.yaml", project / "run", fakes.tools(), resume=resume)


def test_it_begins_with_the_model_that_is_named(project: Path) -> None:
    write(project, rewards={"passed": 1.0, "format": 0.2}, lora={"rank": 2, "alpha": 2})
    fakes = Kept()
    run(project, fakes)
    assert fakes.fitted == ["pretrain", "reinforce"]
    assert fakes.job.model == str(project / "run" / "model")
    assert fakes.job.tasks[0].file == project / "learned.jsonl"
    assert fakes.job.settings.rewards == {"passed": 1.0, "format": 0.2}
    merged = project / "run" / "merged" / "reinforced" / "model"
    manifest = json.loads((merged / "vernacular.json").read_text())
    assert manifest["corpus"]["files_sha256"]
    assert "reinforced" in fakes.asked
    assert "reinforce" in (project / "run" / "report.html").read_text()


def test_what_makes_it_run_again(project: Path) -> None:
    write(project)
    run(project, Fakes())
    again = Fakes()
    run(project, again)
    assert "reinforce: unchanged" in again.said
    path = project / "learned.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    shown = dry_run(project / "recipe.yaml", project / "run", Fakes().tools())
    assert [becomes for name, becomes, _ in shown.stages if name == "reinforce"] == [
        "runs again: tasks is another one now (needs --resume)"
    ]
    redone = Fakes()
    run(project, redone, resume=True)
    assert redone.fitted == ["reinforce"]


def test_settings_that_change_no_result_run_nothing_again(project: Path) -> None:
    write(project)
    run(project, Fakes())
    write(project, threads=1, examples=9)
    again = Fakes()
    run(project, again, resume=True)
    assert again.fitted == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "tuned"}, "reinforce.model: tuned needs the key `tune` in the recipe"),
        (
            {"model": "base"},
            "reinforced: zero-shot holds a conversation, and the model reinforced has no chat template",
        ),
        ({"rewards": {"speed": 1}}, "'speed' is no reward"),
        ({"tasks": []}, "reinforce.tasks.: .. is empty"),
        ({"tasks": [{"file": "nowhere.jsonl"}]}, "reinforce: .*nowhere.jsonl"),
        ({"tasks": [{"file": "tasks.jsonl"}]}, "reinforce.tasks: 14 tasks, such as add/final_0, are also measured on"),
        ({"tasks": [{"file": "learned.jsonl", "where": {"split": "no"}}]}, "reinforce: .* none of its 6 tasks has the"),
        ({"patience": 3, "held_out": []}, "patience needs something to measure on; set held_out"),
        ({"strategy": "reasoning-query"}, "reinforce: .* is no word problem"),
        ({"strategy": "few-shot"}, "reinforce: the strategy `few-shot` needs --examples"),
    ],
)
def test_what_is_wrong_is_said_before_the_first_second(project: Path, changes: Mapping[str, Any], said: str) -> None:
    write(project, **changes)
    fakes = Fakes()
    with pytest.raises(VernacularError, match=said.replace("`", ".")) as caught:
        run(project, fakes)
    assert (fakes.fitted, fakes.asked) == ([], [])
    assert "\n" not in str(caught.value)


def test_until_names_it(project: Path) -> None:
    recipe = yaml.safe_load(write(project).read_text())
    assert "reinforce" in recipe
    fakes = Fakes()
    run_recipe(project / "recipe.yaml", project / "run", fakes.tools(), until="reinforce")
    assert fakes.fitted == ["pretrain", "reinforce"]
    assert fakes.asked == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accelerate": "x.yaml"}, r"reinforce.accelerate: .*x.yaml: no such file"),
        ({"lora": {"modules": ["nonsense"]}}, "reinforce.lora.modules: the base model has no layer 'nonsense'"),
    ],
)
def test_what_its_fitting_cannot_be_is_found_before_anything_runs(
    project: Path, changes: dict[str, Any], said: str
) -> None:
    write(project, **changes)
    fakes = Fakes()
    with pytest.raises(VernacularError, match=said):
        run(project, fakes)
    assert fakes.fitted == []


def test_its_room_is_reckoned_too(project: Path) -> None:
    write(project)
    tools, run_folder = Fakes().tools(), RunFolder(project / "run")
    work, _ = check(load_recipe(project / "recipe.yaml"), run_folder, tools, Hashes(), last=10)
    (fitting,) = fittings(work, ["reinforce"])
    assert fitting.shape == next(each.shape for each in fittings(work) if each.stage == "pretrain")
    assert disk_of_run(work, ["reinforce"]) == disk(fitting.shape, fitting.settings, 0).peak > 0
    shown = dry_run(project / "recipe.yaml", project / "run", tools)
    assert "reinforce" in {row.stage for row in shown.rows}


def test_it_is_told_nothing_that_its_part_does_not_have(project: Path) -> None:
    write(project)
    work, _ = check(
        load_recipe(project / "recipe.yaml"), RunFolder(project / "run"), Fakes().tools(), Hashes(), last=10
    )
    (fitting,) = fittings(work, ["reinforce"])
    whole = memory(fitting.shape, fitting.settings, Device("large", 1 << 40, 1e12, 0.3)).total
    for memory_bytes in range(whole // 3, whole, whole // 9):
        said = room.what_helps(fitting, Device("small", memory_bytes, 1e12, 0.3))
        assert "weights" not in said
        assert "row_tokens" not in said
