"""A recipe from start to end with fakes for the model: skipped, killed, changed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.checkpoint import read_manifest, verify
from core.errors import ConfigError, RunError
from core.gate_record import GateVerdict
from tests.training.pipeline.small import RECIPE, ROOT, Fakes, write_recipe
from training.pipeline.runner import run_recipe
from training.pipeline.stage import changed
from training.pipeline.stages.transferring import best_scale

Kill = Callable[[Path, str], None]
STAGES = ["corpus", "pretrain", "transfer", "evaluate/zero-shot", "evaluate/pretrained", "evaluate/transferred", "gate"]


def go(project: Path, **options: object) -> Fakes:
    fakes = Fakes()
    run_recipe(project / "recipe.yaml", project / "run", fakes.tools(), **options)  # type: ignore[arg-type]
    return fakes


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """Runs a recipe in a process that kills itself where a line is said."""
    command = [sys.executable, "-m", "tests.training.pipeline.small"]
    with subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, text=True) as process:

        def killed(project: Path, text: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps([str(project / "recipe.yaml"), str(project / "run"), text]) + "\n")
            process.stdin.flush()
            assert int(process.stdout.readline()) == signal.SIGKILL

        yield killed


def test_everything_lies_in_the_folder(finished: Path) -> None:
    run = finished / "run"
    for name in ("recipe.yaml", "report.html", "corpus/corpus.json", "pretrain/curve.jsonl", "gate/verdict.json"):
        assert (run / name).is_file(), name
    verify(run / "model")
    manifest = read_manifest(run / "model")
    assert manifest.name == "small"
    assert manifest.gate is not None
    written = json.loads((run / "run.json").read_bytes())
    assert list(written["stages"]) == [*STAGES, "report"]
    assert all(stage["peak_memory_bytes"] > 1e6 for stage in written["stages"].values())
    tasks = (run / "benchmarks" / "tasks.jsonl").read_text().splitlines()
    assert len(tasks) == 10
    assert all('"split": "final"' in line for line in tasks)


def test_what_is_there_is_not_run_again(ran: Path) -> None:
    again = go(ran)
    assert again.said == [f"{name}: unchanged" for name in [*STAGES, "report"]]
    assert (again.fitted, again.asked) == ([], [])


def test_a_changed_recipe_redoes_only_what_depends_on_it(ran: Path) -> None:
    write_recipe(ran, transfer={"method": "difference", "scale": 0.5})
    with pytest.raises(ConfigError, match=r"as it was before .*--resume"):
        go(ran)
    again = go(ran, resume=True)
    assert again.fitted == []
    assert sorted(again.asked) == ["transferred"]
    assert "transfer: settings.scale is another one now; what was made is removed, and it runs again" in again.said
    assert read_manifest(ran / "run" / "model").transfer.scales == (0.5,)  # type: ignore[union-attr]
    assert "evaluate/zero-shot: unchanged" in again.said


def test_an_arm_more_asks_only_that_arm(ran: Path) -> None:
    arms = {**RECIPE["evaluate"]["arms"], "base": {"model": "base", "strategy": "completion"}}
    write_recipe(ran, evaluate={**RECIPE["evaluate"], "arms": arms})
    again = go(ran, resume=True)
    assert (again.fitted, again.asked) == ([], ["base"])


def test_another_source_needs_resume_and_the_same_documents_train_nothing(ran: Path) -> None:
    (ran / "code" / "package1" / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(RunError, match=r"corpus is finished.*sources\.code.*--resume"):
        go(ran)
    again = go(ran, resume=True)
    assert again.fitted == []
    (ran / "code" / "package1" / "more.lua").write_text("local more = 'a file that was not there before'\n" * 3)
    assert go(ran, resume=True).fitted == ["pretrain"]


def test_free_settings_train_nothing_again(ran: Path) -> None:
    write_recipe(ran, pretrain={**RECIPE["pretrain"], "threads": 1})
    assert go(ran, resume=True).fitted == []


def test_comments_are_no_other_recipe(ran: Path) -> None:
    path = ran / "recipe.yaml"
    path.write_text("# a remark\n" + path.read_text())
    assert go(ran).fitted == []


def test_another_policy_is_judged_at_once(ran: Path) -> None:
    (ran / "policy.yaml").write_text("minimum: [{benchmark: tasks, at_least: 0.9}]\n")
    fakes = Fakes()
    assert run_recipe(ran / "recipe.yaml", ran / "run", fakes.tools()) is GateVerdict.FAILED
    assert fakes.asked == []
    assert "gate: policy is another one now; what was made is removed, and it runs again" in fakes.said


@pytest.mark.parametrize("text", ["corpus: begins", "step 2 of 3", "transfer: begins", "evaluate/pretrained: begins"])
def test_killed_it_goes_on(project: Path, finished: Path, kill: Kill, text: str) -> None:
    kill(project, text)
    after = go(project)
    name = {"step 2 of 3": "pretrain"}.get(text, text.partition(":")[0])
    assert f"{name}: goes on where it was" in after.said
    stages = [*STAGES, "report"]
    assert [f"{name}: unchanged" for name in stages[: stages.index(name)]] == after.said[: stages.index(name)]
    if text == "step 2 of 3":
        assert after.said[after.said.index("pretrain: goes on where it was") + 1] == "pretrain: step 3 of 3"
    weights = [folder / "run" / "model" / "model.safetensors" for folder in (project, finished)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_half_a_stage_of_other_inputs_is_removed(project: Path, kill: Kill) -> None:
    kill(project, "step 2 of 3")
    (project / "outside").mkdir()
    (project / "outside" / "file").write_text("stays")
    (project / "run" / "pretrain" / "link").symlink_to(project / "outside")
    write_recipe(project, pretrain={**RECIPE["pretrain"], "epochs": 2})
    after = go(project, resume=True)
    assert "pretrain: settings.epochs is another one now; what was begun is removed" in after.said
    assert "pretrain: step 1 of 3" in after.said
    assert (project / "outside" / "file").read_text() == "stays"
    assert not (project / "run" / "pretrain" / "link").exists()


def test_a_stage_folder_that_is_a_link_is_not_followed(ran: Path) -> None:
    elsewhere = ran.parent / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    (ran / "run" / "pretrain").rename(elsewhere)
    (ran / "run" / "pretrain").symlink_to(elsewhere)
    write_recipe(ran, pretrain={**RECIPE["pretrain"], "epochs": 2})
    with pytest.raises(RunError, match="is a link"):
        go(ran, resume=True)
    assert (elsewhere / "fit.json").exists()


def test_a_result_that_was_removed_is_made_again(ran: Path) -> None:
    shutil.rmtree(ran / "run" / "model")
    again = go(ran)
    assert any("transfer: goes on, since" in line for line in again.said)
    verify(ran / "run" / "model")


def test_until(project: Path) -> None:
    fakes = go(project, until="pretrain")
    assert fakes.said[-1] == "pretrain: step 3 of 3"
    assert not (project / "run" / "model").exists()
    with pytest.raises(ConfigError, match="the recipe has no `tune`"):
        go(project, until="tune")


def test_folders_of_others_are_refused(ran: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("dear")
    with pytest.raises(ConfigError, match=r"holds something else \(thesis.txt\)"):
        run_recipe(ran / "recipe.yaml", tmp_path / "mine", Fakes().tools())
    with pytest.raises(ConfigError, match="no run to resume"):
        run_recipe(ran / "recipe.yaml", tmp_path / "new", Fakes().tools(), resume=True)
    write_recipe(ran, name="other")
    with pytest.raises(ConfigError, match="holds a run of the recipe 'small'"):
        go(ran, resume=True)


def test_one_process_at_a_time(project: Path) -> None:
    code = f"import fcntl,sys,time\nf=open({str(project / 'run' / '.lock')!r},'r+')\nfcntl.flock(f,fcntl.LOCK_EX)\n"
    (project / "run").mkdir()
    (project / "run" / ".lock").write_text("4711\n")
    holder = subprocess.Popen([sys.executable, "-c", code + "print(1,flush=True)\ntime.sleep(60)"], stdout=-1)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(RunError, match="process 4711 is working here"):
            go(project)
    finally:
        holder.kill()
        holder.wait()


def test_all_arms(whole: tuple[Path, Fakes]) -> None:
    """LoRA, with adapters merged, a scan over the scale, tuning, and the instruct model pre-trained."""
    project, fakes = whole
    run = project / "run"
    assert fakes.fitted == ["pretrain", "tune", "pretrain-instruct"]
    found = json.loads((run / "transfer" / "scan.json").read_bytes())
    assert (found["chosen"], [entry["share"] for entry in found["scales"]]) == (1.0, [0.6, 0.9, 0.3])
    assert not (run / "transfer" / "trial").exists()
    assert "add_" in (run / "pairs" / "train.jsonl").read_text()
    for model in (run / "model", run / "merged/pretrained/model", run / "merged/instruct-pretrained/model"):
        verify(model)
        manifest = read_manifest(model)
        assert manifest.transfer is not None
        assert manifest.transfer.method == "adapter"
        assert "train-lua.jsonl" in manifest.corpus.files_sha256
    assert go(project).fitted == []


@pytest.mark.parametrize(
    ("shares", "best"),
    [({0.5: 0.1, 1.0: 0.3, 1.25: 0.2}, 1.0), ({0.5: 0.3, 0.75: 0.3, 1.25: 0.3}, 0.75), ({2.0: 0.9, 1.0: 0.1}, 2.0)],
)
def test_the_best_scale(shares: dict[float, float], best: float) -> None:
    assert best_scale(shares) == best


def test_what_changed_is_named_by_its_path() -> None:
    assert changed({"a": {"b": 1, "c": [1]}}, {"a": {"b": 1, "c": [2]}}) == "a.c"
    assert changed({"a": 1}, {"a": 1, "b": {"c": 2}}) == "b.c"
    assert changed({"a": [1, 2]}, {"a": (1, 2)}) == ""
