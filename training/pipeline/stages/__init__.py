"""The stages of a recipe, in order; each module makes its own.

corpora       code and documents -> a corpus; the same for the replay
fitting       pre-training and tuning; adapters merged into what they were trained on
reinforcing   learning from programs that are run
transferring  what instruction tuning changed, added to the pre-trained model; the scan over its scale
evaluating    an arm answers the benchmarks
judging       the candidate against a policy
reporting     the page
"""

from __future__ import annotations

from training.pipeline.stage import Stage
from training.pipeline.work import Work

GROUPS = (
    *("corpus", "replay", "pretrain", "transfer", "tune", "pretrain-instruct"),
    *("reinforce", "evaluate", "gate", "report"),
)
"""What `--until` may name, in order."""


def stages_of(work: Work) -> list[Stage]:
    """The stages that the recipe has, in order."""
    from training.pipeline.stages import corpora, evaluating, fitting, judging, reinforcing, reporting, transferring

    found = [*corpora.stages(work), *fitting.stages(work), *transferring.stages(work), *reinforcing.stages(work)]
    found += [*evaluating.stages(work), *judging.stages(work)]
    found.sort(key=lambda stage: GROUPS.index(stage.group))
    return [*found, reporting.stage(work, found)]
