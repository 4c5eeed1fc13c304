"""The stage that judges the candidate: `gate/verdict.json`, and the verdict in the checkpoint's manifest.

What the policy leaves open of the contamination is filled in with what the run has: the n-gram index of its corpus and
the benchmarks' files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.checkpoint import MANIFEST, raw_manifest, write_gate
from core.files import write_atomically
from evaluation.gate.policy import Contamination, Policy, load_policy
from training.corpora.writing import INDEX
from training.pipeline.asking import task_file
from training.pipeline.stage import Stage
from training.pipeline.work import Work

VERDICT = "verdict.json"


def stages(work: Work) -> list[Stage]:
    """The one stage, where the recipe names a policy."""
    policy, asked = work.recipe.gate, work.recipe.evaluate
    if policy is None or asked is None or asked.candidate is None:
        return []
    arms = [name for name in (asked.candidate, asked.incumbent) if name]
    manifest = work.folder_of(asked.arms[asked.candidate].model) / MANIFEST
    return [
        Stage(
            name="gate",
            group="gate",
            inputs=lambda: {"policy": work.hashes.file(policy), "arms": arms, "reads": _looked_at(work, policy)},
            run=lambda: _judge(work, policy),
            after=tuple(f"evaluate/{name}" for name in arms),
            made=(work.run.stage("gate") / VERDICT,),
            lost=lambda: "" if raw_manifest(manifest.parent).get("gate") else f"{manifest} has no verdict",
            costly=False,
            shows={"policy": policy.name, "candidate": asked.candidate, "incumbent": asked.incumbent or "none"},
        )
    ]


def filled(work: Work, policy: Policy, folder: Path) -> dict[str, Any]:
    """The policy with absolute paths, and with the run's own index and benchmarks where it names none."""
    assert work.recipe.evaluate is not None
    rule = policy.contamination
    own = {item.called: str(task_file(work, item).absolute()) for item in work.recipe.evaluate.benchmarks}
    content = policy.model_dump(mode="json")
    content["contamination"] |= {
        "index": str(_index(work, rule, folder).absolute()),
        "tasks": own | {name: str((folder / path).absolute()) for name, path in rule.tasks.items()},
    }
    return content


def _index(work: Work, rule: Contamination, folder: Path) -> Path:
    return folder / rule.index if rule.index else work.run.stage("corpus") / INDEX


def _looked_at(work: Work, policy_file: Path) -> dict[str, Any]:
    """Hashes of what the rule about contamination reads; empty for a file that is not there.

    The run's own benchmarks are no part of it: they decide the arms' answers.
    """
    rule, folder = load_policy(policy_file)[0].contamination, policy_file.parent

    def sha256(path: Path) -> str:
        return work.hashes.file(path) if path.is_file() else ""

    tasks = {name: sha256(folder / path) for name, path in rule.tasks.items()}
    return {"index": sha256(_index(work, rule, folder)), "tasks": tasks}


def _judge(work: Work, policy_file: Path) -> None:
    from evaluation.gate.judge import judge

    asked = work.recipe.evaluate
    assert asked is not None
    assert asked.candidate is not None
    folder = work.run.stage("gate")
    policy, _ = load_policy(policy_file)
    written = folder / "policy.yaml"
    write_atomically(written, json.dumps(filled(work, policy, policy_file.parent), indent=1) + "\n")
    runs = work.run.stage("evaluate")
    incumbent = runs / asked.incumbent if asked.incumbent else None
    checkpoint = work.folder_of(asked.arms[asked.candidate].model)
    place, record = judge(runs / asked.candidate, incumbent, written, checkpoint)
    write_gate(place, record)
    write_atomically(folder / VERDICT, record.sealed().model_dump_json(indent=1) + "\n")
    work.tools.say(f"gate: {record.verdict.value}")
