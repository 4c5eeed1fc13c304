"""Mishaps of a recipe: what has to be found before the first second of work, and what must not stop a run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from core import files
from core.errors import VernacularError
from tests.training.pipeline.small import RECIPE, Fakes, write_recipe, write_tasks
from training.corpora.reading.tables import Documents
from training.pipeline import folder, runner, stage
from training.pipeline.checks import check, room
from training.pipeline.estimates import Device, disk
from training.pipeline.folder import RunFolder
from training.pipeline.hashes import Hashes
from training.pipeline.recipe import load_recipe
from training.pipeline.runner import run_recipe
from training.pipeline.sizes import disk_of_run, fittings

TALK = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
TUNE = {"conversations": "talk.jsonl", "row_tokens": 64, "tokens_per_step": 128}
SCAN = {"scales": [0.5, 1.0], "benchmark": "development.jsonl", "strategy": "completion"}


def go(project: Path, fakes: Fakes | None = None, **options: Any) -> Fakes:
    """Run the project's recipe."""
    fakes = fakes or Fakes()
    run_recipe(project / "recipe.yaml", project / "run", fakes.tools(), **options)
    return fakes


def problem_of(project: Path) -> str:
    """The one line that a run ends with before its first stage begins."""
    fakes = Fakes()
    with pytest.raises(VernacularError) as caught:
        go(project, fakes)
    assert not [line for line in fakes.said if line.endswith(": begins")]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def part(name: str, **changes: Any) -> Mapping[str, Any]:
    """A part of the recipe with other keys."""
    return {name: {**RECIPE[name], **changes}}


def test_a_scale_is_never_chosen_on_a_task_that_is_measured(project: Path) -> None:
    write_recipe(project, transfer={"scan": {**SCAN, "benchmark": "tasks.jsonl"}})
    assert "tasks.jsonl is what the arms are measured on (10 of its tasks, such as add/final_0)" in problem_of(project)
    write_tasks(project / "development.jsonl", {"development": 10, "final": 1})
    write_recipe(project, transfer={"scan": SCAN})
    assert "development.jsonl is what the arms are measured on (1 of its tasks" in problem_of(project)
    write_recipe(project, transfer={"scan": {**SCAN, "limit": 10}})
    assert go(project, until="corpus").said == ["corpus: begins"]


def test_a_dot_in_a_benchmarks_name_is_refused(project: Path) -> None:
    benchmark = {"file": "tasks.jsonl", "name": "tasks.v2", "where": {"split": "final"}}
    write_recipe(project, **part("evaluate", benchmarks=[benchmark]))
    assert "benchmarks[0].name': 'tasks.v2' holds a dot, which ends a file's name; write 'tasks-v2'" in problem_of(
        project
    )


def test_a_fitting_that_leaves_nothing_is_not_finished(project: Path) -> None:
    class Idle(Fakes):
        def fit(self, kind: Any, job: Any) -> None:
            pass

    with pytest.raises(VernacularError, match=r"^pretrain: ended without .*pretrain/model; remove .*pretrain, and the"):
        go(project, Idle())
    assert not (project / "run" / "pretrain" / "stage.json").exists()
    assert go(project, until="pretrain").fitted == ["pretrain"]


def test_room_is_asked_of_the_stages_that_are_still_to_run(
    ran: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "this_machine", lambda _: Device("a watch", 100_000, 1e9, 0.5, gpu=False))
    assert go(project, until="corpus").said == ["corpus: begins"]
    with pytest.raises(VernacularError, match=r"pretrain: about .* of memory are needed"):
        go(project, until="pretrain")
    usage = shutil.disk_usage(ran)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100))
    assert {line.partition(": ")[2] for line in go(ran).said} == {"unchanged"}


def test_checkpoints_of_one_fitting_are_on_the_disk_at_a_time(project: Path) -> None:
    write_recipe(project, pretrain_instruct=True)
    work, plan = check(
        load_recipe(project / "recipe.yaml"), RunFolder(project / "run"), Fakes().tools(), Hashes(), last=5
    )
    names = ["pretrain", "pretrain-instruct"]
    assert [name for item in plan if (name := item.stage.name) in names] == names
    first, second = (disk(each.shape, each.settings, each.tokens) for each in fittings(work))
    beside = max(first.peak - first.kept, second.peak - second.kept)
    assert disk_of_run(work, names) == first.kept + second.kept + beside
    assert disk_of_run(work, names[:1]) == first.peak
    (project / "run" / "pretrain").mkdir(parents=True)
    (project / "run" / "pretrain" / "rows").write_bytes(b"0" * 1000)
    assert disk_of_run(work, names[:1]) == first.peak - 1000


def test_a_removed_run_json_is_written_anew(ran: Path) -> None:
    (ran / "run" / "run.json").write_text("{")
    with pytest.raises(VernacularError, match=r"run.json: is damaged; remove it, and it is written anew"):
        go(ran)
    (ran / "run" / "run.json").unlink()
    assert {line.partition(": ")[2] for line in go(ran).said} == {"unchanged"}
    assert json.loads((ran / "run" / "run.json").read_bytes())["name"] == "small"
    (ran / "run" / "run.json").unlink()
    write_recipe(ran, name="other")
    with pytest.raises(VernacularError, match="holds a run of the recipe 'small'"):
        go(ran)
    write_recipe(ran, transfer={"scale": 0.5})
    with pytest.raises(VernacularError, match=r"as it was before .*--resume"):
        go(ran)


@pytest.mark.parametrize("name", ["begun.json", "stage.json", "run.json"])
def test_a_disk_that_is_full_when_a_stage_ends(project: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fakes = Fakes()

    def write(path: Path, data: str | bytes) -> None:
        if fakes.fitted and path.name == name:
            raise OSError(28, "No space left on device", str(path))
        files.write_atomically(path, data)

    class Full(Fakes):
        def fit(self, kind: Any, job: Any) -> None:
            fakes.fit(kind, job)
            if name == "begun.json":
                raise OSError(28, "No space left on device", str(job.folder))

    monkeypatch.setattr(stage, "write_atomically", write)
    monkeypatch.setattr(folder, "write_atomically", write)
    with pytest.raises(VernacularError, match=r"the disk is full at .*; make room, and the same command goes on"):
        go(project, Full())


def test_the_report_of_a_candidate_that_is_a_parent(ran: Path) -> None:
    shutil.copytree(ran / "run" / "model", ran / "models" / "served")
    arm = {"model": "base", "strategy": "completion"}
    nothing = dict.fromkeys(("instruct", "corpus", "pretrain", "transfer", "gate"))
    evaluate = {**RECIPE["evaluate"], "arms": {"now": arm}, "candidate": "now", "incumbent": None}
    write_recipe(ran, **nothing, name="again", base="models/served", evaluate=evaluate)
    run_recipe(ran / "recipe.yaml", ran / "again", Fakes().tools())
    assert "--parents" not in (ran / "again" / "report.html").read_text()


def test_a_path_of_documents_can_be_written_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(json.dumps({"path": "a/\ud800.lua", "package": "p\udfff", "text": "x = 1\n"}) + "\n")
    assert [entry.path for entry in Documents(path).entries()] == ["p?/a/?.lua"]


def test_a_recipe_may_be_put_right_while_no_stage_was_begun(project: Path) -> None:
    write_recipe(project, name="smal", base="./bse")
    assert "no such folder" in problem_of(project)
    write_recipe(project)
    assert go(project, until="corpus").said == ["corpus: begins"]
    write_recipe(project, transfer={"scale": 0.5})
    with pytest.raises(VernacularError, match=r"as it was before .*--resume"):
        go(project)


def test_what_is_said_at_the_end_is_of_the_recipe_that_was_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run_recipe", lambda *_, **__: write_recipe(project, name="edited") and None)
    monkeypatch.chdir(project)
    result = CliRunner().invoke(app, ["train", "recipe.yaml"])
    assert f"report: {project / 'runs' / 'small' / 'report.html'}" in result.output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tune": {**TUNE, "patience": 1}}, "patience needs something to measure on; set held_out"),
        ({"tune": {**TUNE, "conversations": None, "pairs": {"languages": ["lua"], "max_held_out": 0}, "patience": 1}},
         "patience needs something to measure on; set pairs.max_held_out"),
        ({**part("corpus", split={"held_out": 0}), **part("pretrain", patience=1)}, "pretrain.patience: the corpus"),
        ({"tune": {**TUNE, "conversations": "broken.jsonl"}}, "broken.jsonl:3: "),
        ({"tune": {**TUNE, "held_out": "empty.jsonl"}}, "tune.held_out: .*empty.jsonl holds no conversation"),
        (part("pretrain", lora={"modules": ["q_proj", "nonsense"]}),
         "pretrain.lora.modules: the base model has no layer 'nonsense'; it has .*q_proj"),
        ({"replay": RECIPE["corpus"], **part("pretrain", replay_share=1.0)}, "'pretrain.replay_share': .* less than 1"),
        (part("pretrain", repeats={"lua": -1}), "'pretrain.repeats.lua': .* greater than or equal to 0"),
        (part("pretrain", optimizer={"learning_rate": float("inf")}), "'pretrain.optimizer.learning_rate': .* finite"),
        (part("pretrain", accelerate="three.yaml"),
         r"pretrain.tokens_per_step: 128 is no multiple of row_tokens \* rows_at_once \* 3 processes = 192"),
        (part("pretrain", compile=True), "pretrain: compile needs a C.. compiler; .* or set compile: false"),
    ],
)  # fmt: skip
def test_found_before_the_first_second(
    project: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    line = json.dumps(TALK) + "\n"
    (project / "talk.jsonl").write_text(line)
    (project / "broken.jsonl").write_text(line * 2 + "{broken\n")
    (project / "empty.jsonl").write_text("\n")
    (project / "three.yaml").write_text("num_processes: 3\n")
    which = shutil.which
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if "g++" in name or "clang" in name else which(name))
    write_recipe(project, **changes)
    assert re.search(said, problem_of(project)), said
