"""The stage that adds what instruction tuning changed: `model/`; and the scan that finds its scale, in `transfer/`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.files import write_atomically
from training.pipeline.asking import run_choice, way_inputs
from training.pipeline.folder import read_json
from training.pipeline.parts import Scan, TaskFile, Transfer
from training.pipeline.stage import Stage
from training.pipeline.stages.fitting import say_corpus
from training.pipeline.work import Work
from training.transfer.methods import method_named
from training.transfer.request import Request, prepare
from training.transfer.run import carry_out, warnings

SCAN, CHOSEN = "scan.json", "transfer.json"


def stages(work: Work) -> list[Stage]:
    """The one stage, where the recipe has it."""
    part = work.recipe.transfer
    if part is None:
        return []
    folder = work.run.stage("transfer")

    def inputs() -> dict[str, Any]:
        found: dict[str, Any] = {
            "instruct": work.hashes.model(work.parents["instruct"]),
            "base": work.hashes.model(work.parents["base"]),
            "settings": part.model_dump(mode="json", exclude={"scan"}),
        }
        if part.scan is not None:
            found["scan"] = {"scales": part.scan.scales, "limit": part.scan.limit}
            found["scan"] |= way_inputs(work, part.scan, [TaskFile(file=part.scan.benchmark)])
        return found

    return [
        Stage(
            name="transfer",
            group="transfer",
            inputs=inputs,
            run=lambda: _transfer(work, part, folder),
            after=(_source(work, part),),
            made=(work.run.model, folder / CHOSEN),
            shows={"method": part.method, "scale": _scale_shown(part)},
        )
    ]


def request_for(work: Work, part: Transfer, scale: float | None, pretrained: Path | None = None) -> Request:
    """The transfer, with the pre-trained model or its adapter; `pretrained` stands in for one that is not there yet."""
    instruct = work.parents["instruct"]
    scales = () if scale is None else (scale,)
    if pretrained is None and _merges(work, part):
        adapter = work.run.stage("pretrain") / "adapter"
        return Request(parents={"adapter": adapter, "instruct": instruct}, scales=scales, dtype=part.dtype)
    base = {"base": work.parents["base"]} if method_named(part.method).needs_base else {}
    return Request(
        parents={"pretrained": pretrained or work.folder_of("pretrained"), **base, "instruct": instruct},
        method=part.method,
        scales=scales,
        scale_of=tuple(part.scale_of.items()),
        leave_out=part.leave_out,
        density=part.density,
        seed=part.seed,
        dtype=part.dtype,
        tokenizer_from=part.tokenizer_from,
    )


def best_scale(shares: Mapping[float, float]) -> float:
    """The scale with the highest share of passes; of equals the one nearest to 1, of those the smaller one."""
    return min(shares, key=lambda scale: (-shares[scale], abs(scale - 1), scale))


def _transfer(work: Work, part: Transfer, folder: Path) -> None:
    scale = part.scale if part.scan is None else _scanned(work, part, part.scan, folder)
    _write(work, part, scale, work.run.model)
    shutil.rmtree(folder / "trial", ignore_errors=True)
    chosen = scale if scale is not None else method_named(part.method).default_scale
    _keep(folder / CHOSEN, {"method": part.method, "scale": chosen})


def _scanned(work: Work, part: Transfer, scan: Scan, folder: Path) -> float:
    """Ask a model of each scale; what is known of a scale is kept, and its model removed."""
    kept = read_json(folder / SCAN).get("scales", [])
    known = {entry["scale"]: entry for entry in kept}
    for scale in scan.scales:
        if scale in known:
            continue
        work.tools.say(f"transfer: trying scale {scale:g}")
        _write(work, part, scale, folder / "trial")
        known[scale] = {"scale": scale, **_score(work, scan, folder / "trial", folder / "scan" / f"{scale:g}")}
        _keep(
            folder / SCAN, {"benchmark": scan.benchmark.name, "scales": [known[s] for s in scan.scales if s in known]}
        )
    chosen = best_scale({scale: known[scale]["share"] for scale in scan.scales})
    _keep(
        folder / SCAN,
        {"benchmark": scan.benchmark.name, "chosen": chosen, "scales": [known[scale] for scale in scan.scales]},
    )
    work.tools.say(f"transfer: scale {chosen:g} passes {known[chosen]['share']:.1%} of the development tasks")
    return chosen


def _score(work: Work, scan: Scan, model: Path, output: Path) -> dict[str, Any]:
    from evaluation.scoring.summary import summarise

    folders: Sequence[Path] = work.tools.answer(
        run_choice(work, scan, [scan.benchmark], output, model, limit=scan.limit)
    )
    overall = summarise(folders[0]).overall
    if overall is None:
        raise ConfigError(f"{scan.benchmark}: nothing came of asking its tasks; name another development benchmark")
    score = overall.score
    return {"share": score.estimate, "low": score.low, "high": score.high}


def _write(work: Work, part: Transfer, scale: float | None, output: Path) -> None:
    prepared = prepare(request_for(work, part, scale))
    with work.tools.bytes_show("transfer", prepared.bytes) as advance:
        manifest = carry_out(prepared, output, overwrite=True, name=work.recipe.name, advance=advance)
    if output == work.run.model:
        for line in warnings(manifest):
            work.tools.say(f"warning: {line}")
        if _merges(work, part):
            say_corpus(work, output)


def _merges(work: Work, part: Transfer) -> bool:
    """Whether the adapter goes into the instruct model itself, which is the same sum without a model between."""
    assert work.recipe.pretrain is not None
    return work.recipe.pretrain.lora is not None and part.plain


def _source(work: Work, part: Transfer) -> str:
    return "pretrain" if _merges(work, part) else work.stage_of("pretrained")


def _scale_shown(part: Transfer) -> str:
    if part.scan is not None:
        return f"the best of {', '.join(f'{scale:g}' for scale in part.scan.scales)} on {part.scan.benchmark.name}"
    return "the method's own" if part.scale is None else f"{part.scale:g}"


def _keep(path: Path, content: Mapping[str, Any]) -> None:
    write_atomically(path, json.dumps(content, indent=1) + "\n")
