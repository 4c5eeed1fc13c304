"""What is wrong with a recipe is said before the first second of work, in one line, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from core.errors import VernacularError
from tests.training.pipeline.small import RECIPE, Fakes, write_recipe
from tests.training.small_models import save_model
from training.pipeline import checks
from training.pipeline.checks import room
from training.pipeline.devices import processes_of
from training.pipeline.dry_run import dry_run
from training.pipeline.estimates import Device
from training.pipeline.orphans import end_orphans
from training.pipeline.recipe import is_from_nothing, load_recipe
from training.pipeline.runner import run_recipe

Change = Callable[[Path], None]
WHOLE_FILE = {**RECIPE["evaluate"], "benchmarks": [{"file": "tasks.jsonl"}]}


def problem_of(project: Path) -> str:
    """The one line that a run of the project ends with; it did no work."""
    fakes = Fakes()
    with pytest.raises(VernacularError) as caught:
        run_recipe(project / "recipe.yaml", project / "run", fakes.tools())
    assert (fakes.fitted, fakes.asked) == ([], [])
    assert not (project / "run" / "corpus").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def part(name: str, **changes: Any) -> Mapping[str, Any]:
    """A part of the recipe with other keys."""
    return {name: {**RECIPE[name], **changes}}


def arm(**keys: Any) -> Mapping[str, Any]:
    """The recipe's evaluation with one more arm."""
    return part("evaluate", arms={**RECIPE["evaluate"]["arms"], "more": keys})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pretrian": {}}, r"recipe.yaml:\d+: key 'pretrian': unknown key \(did you mean 'pretrain'\?\)"),
        (part("pretrain", row_token=64), r"key 'pretrain.row_token': unknown key \(did you mean 'row_tokens'\?\)"),
        (part("corpus", langauges=["lua"]), "key 'corpus.langauges': unknown key .did you mean 'languages'"),
        (part("pretrain", tokens_per_step=100), "'pretrain': tokens_per_step must be a multiple of row_tokens"),
        (part("transfer", method="diference"), "'transfer.method': \"diference\" is not allowed; .*did you mean"),
        ({"corpus": "corpus.yaml"}, "key 'corpus': \"corpus.yaml\" is text; it must be a mapping"),
        ({"corpus_file": "other.yaml"}, "key 'corpus_file': `corpus` stands in the recipe too"),
        ({"corpus": None}, "key 'pretrain': pretrain needs the key `corpus` or `corpus_file`"),
        (part("pretrain", replay_share=0.2), "replay_share needs the key `replay` or `replay_file`"),
        ({"replay": RECIPE["corpus"]}, "'pretrain': replay_share is 0, so the replay corpus would not be read"),
        ({"instruct": None}, "key 'transfer': transfer needs the key `instruct`"),
        (arm(model="tuned", strategy="completion"), "arm 'more' asks the model tuned, which needs the key `tune`"),
        (arm(model="merged", strategy="completion"), "'evaluate.arms.more.model': \"merged\" is not allowed"),
        (arm(model="base", strategy="few-shot"), "'evaluate.arms.more': the strategy few-shot shows solved tasks"),
        (part("evaluate", candidate="best"), "candidate: 'best' is none of the arms"),
        (
            part("evaluate", candidate="zero-shot", incumbent=None),
            "the candidate is not a model that this recipe makes",
        ),
        (part("evaluate", samples=5), "5 samples of a greedy answer are the same"),
        (part("transfer", scan={"benchmark": "d.jsonl"}), "'transfer': names a scale and a scan"),
        ({"evaluate": None}, "key 'gate': gate needs the key `evaluate`"),
        ({"name": "Über uns"}, "key 'name': .* is not allowed; it must match"),
    ],
)
def test_the_recipe_itself(project: Path, changes: dict[str, Any], said: str) -> None:
    write_recipe(project, **changes)
    with pytest.raises(VernacularError, match=said) as caught:
        load_recipe(project / "recipe.yaml")
    assert str(caught.value).startswith(str(project / "recipe.yaml"))
    assert "\n" not in str(caught.value)


def cut_short(project: Path) -> None:
    weights = project / "models" / "base" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def no_sibling(project: Path) -> None:
    shutil.rmtree(project / "models" / "instruct")
    save_model(project / "models" / "instruct", hidden_size=64, chat=True)


def without_chat_template(project: Path) -> None:
    settings = project / "models" / "instruct" / "tokenizer_config.json"
    settings.write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))


def task_without_end(project: Path) -> None:
    (project / "tasks.jsonl").write_text('{"id": "a"')


@pytest.mark.parametrize(
    ("changes", "change", "said"),
    [
        ({"base": "models/bse"}, None, "base: models/bse is no folder beside the recipe, not in the local cache"),
        ({"base": "./bse"}, None, "base: ./bse: no such folder beside the recipe"),
        ({"base": "tasks.jsonl"}, None, "base: .*tasks.jsonl is a file"),
        ({}, cut_short, r"base: .*model.safetensors is cut short: \d+ bytes"),
        ({}, no_sibling, "these are no siblings: hidden_size is 32 in .*, 64 in instruct"),
        ({}, without_chat_template, r"evaluate.arms.zero-shot: .* the model instruct has no chat template"),
        (part("pretrain", row_tokens=256, tokens_per_step=512), None, "row_tokens: 256 is more .* at most 128"),
        (part("pretrain", fim={"rate": 0.5}), None, "pretrain.fim: no fill-in-the-middle template is known"),
        (part("pretrain", repeats={"python": 2}), None, "'python' is none of .*; they are lua, text"),
        (part("pretrain", accelerate="x.yaml"), None, "pretrain.accelerate: .*x.yaml: no such file"),
        (part("corpus", languages=["luaa"]), None, r"corpus: unknown language 'luaa' \(did you mean 'lua'\?\)"),
        (part("corpus", sources=[{"folder": "cod"}]), None, "corpus: .*cod"),
        (part("evaluate", benchmarks=[{"file": "task.jsonl"}]), None, "no such file .did you mean 'tasks.jsonl'"),
        ({}, task_without_end, "tasks.jsonl:1"),
        (
            part("evaluate", benchmarks=[{"file": "tasks.jsonl", "where": {"split": "fnal"}}]),
            None,
            "no task has the labels split: fnal; there are: split: development, split: final",
        ),
        (arm(model="instruct", strategy="few-shot", examples="no.jsonl"), None, "evaluate.arms.more: .*no.jsonl"),
        (arm(model="instruct", strategy="retrieval", documentation="no"), None, "evaluate.arms.more: .*no"),
        (part("evaluate", incumbent=None), lambda p: policy(p, "better: [{benchmark: tasks}]"), "name an arm as"),
        ({}, lambda p: policy(p, "minimum: [{benchmark: holes, at_least: 0.5}]"), "judges the benchmark 'holes'"),
        ({}, lambda p: policy(p, "minimun: []"), "policy.yaml:1: key 'minimun'"),
        ({"gate": "no.yaml"}, None, "no.yaml: no such file"),
        (
            {"transfer": {"scan": {"benchmark": "tasks.jsonl"}}, "evaluate": WHOLE_FILE},
            None,
            "transfer.scan.benchmark: tasks.jsonl is what the arms are measured on",
        ),
        ({"tune": {"conversations": "talk.jsonl", "row_tokens": 64}}, None, "tune.conversations: .*talk.jsonl: no"),
    ],
)  # fmt: skip
def test_before_the_first_second(project: Path, changes: dict[str, Any], change: Change | None, said: str) -> None:
    write_recipe(project, **changes)
    if change:
        change(project)
    problem = problem_of(project)
    assert re.search(said, problem), problem


def policy(project: Path, text: str) -> None:
    (project / "policy.yaml").write_text(text)


def test_every_problem_is_told(project: Path) -> None:
    write_recipe(project, **part("pretrain", repeats={"python": 2}), gate="no.yaml")
    fakes = Fakes()
    with pytest.raises(VernacularError, match="is none of the corpus's languages"):
        run_recipe(project / "recipe.yaml", project / "run", fakes.tools())
    assert any(line.startswith("also wrong: ") and "no.yaml" in line for line in fakes.said)


def test_no_room_on_the_disk(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(project)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert "are needed and 0 MB are free; make room" in problem_of(project)


def test_memory_that_is_sure_not_to_do_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "this_machine", lambda _: Device("a watch", 100_000, 1e9, 0.5, gpu=False))
    assert "pretrain: about" in (said := problem_of(project))
    assert "a watch has 0 MB; no setting makes it fit" in said


def test_memory_that_may_not_do_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "this_machine", lambda _: Device("a watch", 1 << 29, 1e9, 0.5, gpu=False))
    fakes = Fakes()
    run_recipe(project / "recipe.yaml", project / "run", fakes.tools(), until="pretrain")
    assert any(line.startswith("warning: pretrain: about 0.5 GB of memory are needed") for line in fakes.said)


def test_a_full_disk_is_one_line_and_the_rest_goes_on(project: Path) -> None:
    class Full(Fakes):
        def fit(self, kind: Any, job: Any) -> None:
            raise OSError(28, "No space left on device", str(job.folder))

    with pytest.raises(VernacularError, match=r"the disk is full at .*pretrain; make room, and the same command"):
        run_recipe(project / "recipe.yaml", project / "run", Full().tools())
    after = Fakes()
    run_recipe(project / "recipe.yaml", project / "run", after.tools(), until="pretrain")
    assert after.said[:2] == ["corpus: unchanged", "pretrain: goes on where it was"]


def test_a_dry_run_writes_nothing_and_says_everything(project: Path) -> None:
    found = dry_run(project / "recipe.yaml", project / "run", Fakes().tools())
    assert not (project / "run").exists()
    assert found.problems == ()
    assert [(name, becomes) for name, becomes, _ in found.stages][:3] == [
        ("corpus", "runs"), ("pretrain", "after corpus"), ("transfer", "after pretrain"),
    ]  # fmt: skip
    assert [row.device.partition(":")[0] for row in found.rows] == [
        "this machine", "24 GB GPU (RTX 4090)", "80 GB GPU (H100)", "8 x 80 GB GPU (H100)",
    ]  # fmt: skip
    assert {row.fits for row in found.rows} == {"fits"}


def test_a_dry_run_of_a_finished_run(ran: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (ran / "run").rglob("*")}
    found = dry_run(ran / "recipe.yaml", ran / "run", Fakes().tools())
    assert {becomes for _, becomes, _ in found.stages} == {"unchanged"}
    write_recipe(ran, transfer={"scale": 0.5})
    found = dry_run(ran / "recipe.yaml", ran / "run", Fakes().tools())
    assert {name: becomes for name, becomes, _ in found.stages}["transfer"] == (
        "runs again: settings.scale is another one now (needs --resume)"
    )
    assert {path: path.stat().st_mtime_ns for path in (ran / "run").rglob("*")} == before


def test_the_command(project: Path) -> None:
    recipe = str(project / "recipe.yaml")
    shown = CliRunner().invoke(app, ["train", recipe, "--output", str(project / "run"), "--dry-run"])
    assert shown.exit_code == 0, shown.exception
    assert "evaluate/transferred" in shown.output
    for options in (["--cache", "x"], ["--export"], ["--report", "x"]):
        result = CliRunner().invoke(app, ["train", recipe, *options])
        assert f"{options[0]} is for recipes that make a model from nothing" in str(result.exception)
    result = CliRunner().invoke(app, ["train", recipe, "--until", "pretran", "--dry-run"])
    assert "unknown stage 'pretran' (did you mean 'pretrain'?)" in str(result.exception)


def test_a_recipe_from_nothing_is_known(project: Path) -> None:
    embedded = Path(checks.__file__).parents[2] / "recipes" / "embedded.yaml"
    assert is_from_nothing(embedded)
    assert not is_from_nothing(project / "recipe.yaml")
    assert not is_from_nothing(project / "not there.yaml")
    result = CliRunner().invoke(app, ["train", str(embedded), "--dry-run"])
    assert "makes a model from nothing: it takes no --dry-run" in str(result.exception)


def test_processes_of_an_accelerate_configuration(tmp_path: Path) -> None:
    path = tmp_path / "fsdp.yaml"
    path.write_text(yaml.safe_dump({"distributed_type": "FSDP", "num_processes": 8}))
    assert (processes_of(path), processes_of(None), processes_of(tmp_path)) == (8, 1, 1)


def test_a_corpus_in_a_file_of_its_own(project: Path) -> None:
    (project / "languages").mkdir()
    corpus = project / "corpora" / "own.yaml"
    corpus.parent.mkdir()
    corpus.write_text(yaml.safe_dump({**RECIPE["corpus"], "sources": [{"folder": "../code"}]}))
    write_recipe(project, corpus=None, corpus_file="corpora/own.yaml", language_folders=["languages"])
    inline = load_recipe(project / "recipe.yaml").corpus
    assert inline is not None
    assert inline.sources[0].path.resolve() == project / "code"
    assert inline.language_folders == (str(project / "languages"),)


def test_a_fitting_that_a_killed_run_left_behind_is_ended(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    said: list[str] = []
    code = "import signal,sys,time\nsignal.signal(15, lambda *_: sys.exit(0))\nprint(1, flush=True)\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(job)], stdout=-1) as left:
        assert left.stdout is not None
        left.stdout.readline()
        waiting = threading.Thread(target=left.wait)
        waiting.start()
        end_orphans(tmp_path / "other.json", said.append)
        assert left.poll() is None
        end_orphans(job, said.append, patience_s=20)
        waiting.join()
        assert left.returncode == 0
    assert said == [f"process {left.pid} of a run that was killed still trains here; it is told to stop"]
