"""What a stage depends on: neither less, so that a result is of its inputs, nor more, so that nothing is done twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from core.checkpoint import read_manifest, verify
from server.models.end_tokens import end_tokens
from tests.training.pipeline.conftest import FUNCTION
from tests.training.pipeline.small import POLICY, RECIPE, Fakes, write_recipe
from training.pipeline.runner import run_recipe
from training.pipeline.tools import Kind
from training.pretraining.settings import PretrainJob
from training.reinforcement.settings import ReinforceJob
from training.tuning.settings import TuneJob

FITTED = {name: RECIPE["pretrain"][name] for name in ("row_tokens", "tokens_per_step", "epochs")}
AGAIN = "is another one now; what was made is removed, and it runs again"


def go(project: Path, fakes: Fakes | None = None, **options: Any) -> Fakes:
    fakes = fakes or Fakes()
    run_recipe(project / "recipe.yaml", project / "run", fakes.tools(), **options)
    return fakes


def test_a_file_that_is_dropped_trains_nothing_again(ran: Path) -> None:
    (ran / "code" / "package0" / "tiny.lua").write_text("x=1\n")
    again = go(ran, resume=True)
    assert "tiny.lua" in (ran / "run" / "corpus" / "dropped.jsonl").read_text()
    assert (again.fitted, again.asked) == ([], [])
    assert "pretrain: unchanged" in again.said
    assert any(
        line.startswith("report: corpora is another one now") for line in again.said
    )  # it shows what was dropped


def test_a_candidate_that_was_made_again_gets_its_verdict_again(ran: Path) -> None:
    shutil.rmtree(ran / "run" / "model")
    again = go(ran)
    assert again.asked == []
    assert any(line.startswith("gate: goes on, since") for line in again.said)
    manifest = read_manifest(ran / "run" / "model")
    assert manifest.gate is not None
    assert go(ran).said[-2:] == ["gate: unchanged", "report: unchanged"]


def test_another_index_that_the_policy_names_is_judged_at_once(ran: Path) -> None:
    index = ran / "own.ngrams"
    shutil.copy(ran / "run" / "corpus" / "train.ngrams", index)
    (ran / "policy.yaml").write_text(json.dumps({**POLICY, "contamination": {"index": index.name}}))
    go(ran)
    index.write_bytes(b"damaged")
    assert f"gate: reads.index {AGAIN}" in go(ran).said
    shutil.copy(ran / "tasks.jsonl", ran / "own.jsonl")
    rule = {"index": index.name, "tasks": {"tasks": "own.jsonl"}}
    (ran / "policy.yaml").write_text(json.dumps({**POLICY, "contamination": rule}))
    go(ran)
    (ran / "own.jsonl").write_text("")
    assert f"gate: reads.tasks.tasks {AGAIN}" in go(ran).said


def test_other_held_out_pairs_tune_again(project: Path) -> None:
    for package in range(8):
        (project / "code" / f"package{package}" / "documented.lua").write_text(FUNCTION.format(package))
    others = dict.fromkeys(("pretrain", "transfer", "evaluate", "gate"))
    write_recipe(project, tune={"pairs": {"languages": ["lua"]}, "patience": 1, **FITTED}, **others)
    assert go(project).fitted == ["tune"]
    pairs = project / "run" / "pairs"
    before = [(pairs / name).read_bytes() for name in ("train.jsonl", "heldout.jsonl")]
    few = {"languages": ["lua"], "max_held_out": 1}
    write_recipe(project, tune={"pairs": few, "patience": 1, **FITTED}, **others)
    assert go(project, resume=True).fitted == ["tune"]
    after = [(pairs / name).read_bytes() for name in ("train.jsonl", "heldout.jsonl")]
    assert [before[0] == after[0], before[1] == after[1]] == [True, False]


class _Tuned(Fakes):
    """Puts beside an adapter what a tuning does."""

    def fit(self, kind: Kind, job: PretrainJob | TuneJob | ReinforceJob) -> None:
        super().fit(kind, job)
        assert isinstance(job, TuneJob)
        assert job.settings.chat_template is not None
        adapter = job.folder / "adapter"
        (adapter / "chat_template.jinja").write_bytes(job.settings.chat_template.read_bytes())
        (adapter / "generation_config.json").write_text('{"eos_token_id": [258]}')


def test_a_merged_tuned_model_is_asked_as_it_was_tuned(project: Path) -> None:
    (project / "talk.jsonl").write_text('{"messages": [{"role": "user", "content": "a"}, '
                                        '{"role": "assistant", "content": "b"}]}\n' * 9)  # fmt: skip
    (project / "own.jinja").write_text("{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}")
    tune = {"conversations": "talk.jsonl", "chat_template": "own.jinja", "lora": {"rank": 2, "alpha": 2}, **FITTED}
    arms = {"tuned": {"model": "tuned", "strategy": "zero-shot"}}
    asked = {"benchmarks": [{"file": "tasks.jsonl"}], "arms": arms, "sandbox": "none"}
    others = dict.fromkeys(("corpus", "pretrain", "transfer", "gate"))
    write_recipe(project, tune=tune, evaluate=asked, **others)
    go(project, _Tuned())
    model = project / "run" / "merged" / "tuned" / "model"
    verify(model)
    assert (model / "chat_template.jinja").read_bytes() == (project / "own.jinja").read_bytes()
    assert "chat_template.jinja" in read_manifest(model).files_sha256
    assert "chat_template" not in json.loads((model / "tokenizer_config.json").read_bytes())
    assert end_tokens(model, json.loads((model / "config.json").read_bytes())) == (256, 258)
