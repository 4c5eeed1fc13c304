"""Carry out a plan: stream the tensors into a new folder, with its manifest.

Guarantee: under the output's name there is always the old checkpoint or the new one, whole and synced (`folder.py`).
Peak memory is a few blocks of a tensor (methods that need whole tensors: a few of those), whatever the model's size.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from core.checkpoint import MANIFEST, Manifest, model_files_sha256, read_manifest
from core.cores import usable_cores
from core.errors import CheckpointError
from core.files import write_atomically
from core.transfer_record import ParentRecord, TransferRecord
from server.models.checks import context_limit
from training.transfer.folder import check_output, whole_folder
from training.transfer.plan import BASE, PRETRAINED, Fate
from training.transfer.request import ADAPTER, INSTRUCT, Prepared
from training.transfer.writer import ShardWriter, index_of

_SPARE_BYTES = 1 << 20
_FAR = 0.5
Advance = Callable[[int], None]
"""Told the bytes that were just written."""


def carry_out(
    prepared: Prepared, output: Path, *, overwrite: bool = False, name: str = "", advance: Advance = lambda _: None
) -> Manifest:
    """Write the output and return its manifest.

    Raises `CheckpointError` where the plan has refused tensors, a number is not finite, a parent cannot be read or the
    output cannot be written; `ConfigError` where it may not be written there. Nothing is left behind then.
    """
    refuse(prepared)
    place = check_output(output, prepared.request.parents, overwrite)
    with whole_folder(place, prepared.bytes + _SPARE_BYTES) as folder, ThreadPoolExecutor(1) as aside:
        parents = aside.submit(_hash_parents, prepared.request.parents)
        try:
            hashes, distances = _write_weights(prepared, folder, parents, advance)
            hashes |= _write_rest(prepared, folder)
            manifest = _manifest(prepared, name or place.name, hashes, parents.result(), distances)
        finally:
            parents.cancel()
        write_atomically(folder / MANIFEST, manifest.model_dump_json(indent=1) + "\n")
    return manifest


def refuse(prepared: Prepared) -> None:
    """Raise `CheckpointError`, one line, where tensors do not fit."""
    if refused := prepared.plan.refused():
        more = f" (and {len(refused) - 1} more; --dry-run lists them)" if len(refused) > 1 else ""
        raise CheckpointError(f"{refused[0].name} cannot be transferred: {refused[0].why}{more}")


def warnings(manifest: Manifest) -> list[str]:
    """What a person should know of a transfer that was made."""
    assert manifest.transfer is not None
    lines = list(manifest.transfer.notes)
    for role, distance in manifest.transfer.relative_difference.items():
        if distance > _FAR:
            lines.append(
                f"{role} lies implausibly far from base (relative difference {distance:.2f}, siblings have less than "
                f"{_FAR}); was it made from that base?"
            )
        elif distance == 0:
            lines.append(f"{role} and base have the same weights")
    return lines


def _write_weights(
    prepared: Prepared, folder: Path, parents: Future[dict[str, ParentRecord]], advance: Advance
) -> tuple[dict[str, str], dict[str, float]]:
    from training.transfer.compute import Choice, Files, blocks, sampled_distance

    tensors = [tensor for shard in prepared.shards for tensor in shard.tensors]
    writer = ShardWriter(folder, prepared.shards)
    with Files() as files:
        try:
            for block in blocks(tensors, Choice(prepared.method, prepared.density, prepared.seed), files, threads()):
                writer.add(block.tensor.name, block.data)
                advance(len(block.data))
                if parents.done() and parents.exception():
                    parents.result()
        finally:
            writer.close()
        roles = [role for role in (PRETRAINED, *prepared.request.instructs) if BASE in prepared.request.parents]
        found = {role: sampled_distance(tensors, role, BASE, files) for role in roles}
    return writer.sha256, {role: round(value, 6) for role, value in found.items() if value is not None}


def _write_rest(prepared: Prepared, folder: Path) -> dict[str, str]:
    content = dict(prepared.files.content)
    if index := index_of(prepared.shards):
        content[index[0]] = index[1].encode()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}


def _hash_parents(parents: Mapping[str, Path]) -> dict[str, ParentRecord]:
    try:
        return {
            role: ParentRecord(name=path.resolve().name, files_sha256=model_files_sha256(path))
            for role, path in parents.items()
        }
    except OSError as problem:
        raise CheckpointError(f"{problem.filename} cannot be read ({(problem.strerror or 'error').lower()})") from None


def _manifest(
    prepared: Prepared,
    name: str,
    hashes: dict[str, str],
    parents: dict[str, ParentRecord],
    distances: dict[str, float],
) -> Manifest:
    request, tensors = prepared.request, prepared.plan.tensors
    own = parents[PRETRAINED if PRETRAINED in parents else INSTRUCT]
    trained, note = _training_of(request.parents.get(PRETRAINED) or request.parents[INSTRUCT], own, hashes)
    record = TransferRecord(
        method=ADAPTER if ADAPTER in request.parents else request.method,
        parents=parents,
        scales=prepared.scales,
        scale_of=request.scale_of,
        leave_out=request.leave_out,
        density=prepared.density if prepared.method.default_density is not None else None,
        seed=prepared.seed if prepared.method.seeded else None,
        dtype=request.dtype,
        shard_bytes=request.shard_bytes,
        tokenizer_from=request.tokenizer_from,
        fates={fate: count for fate in Fate if (count := sum(tensor.fate is fate for tensor in tensors))},
        exceptions={
            t.name: f"{t.fate}: {t.why}" for t in tensors if t.why and not t.factors and ADAPTER not in parents
        },
        notes=(*prepared.notes, *note),
        relative_difference=distances,
    )
    config = prepared.checkpoints[PRETRAINED].config
    return Manifest(
        **trained,
        name=name,
        parameters=sum(math.prod(tensor.shape) for tensor in tensors if tensor.written),
        context_tokens=context_limit(config, prepared.checkpoints[PRETRAINED].path),
        versions={"vernacular": version("vernacular"), "torch": version("torch")},
        finished=dt.datetime.now(dt.UTC).date().isoformat(),
        files_sha256=dict(sorted(hashes.items())),
        transfer=record,
    )


def _training_of(
    folder: Path, found: ParentRecord, hashes: Mapping[str, str]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """What the pretrained parent's manifest says of its training, where it is of the files that lie there."""
    if not (folder / MANIFEST).exists():
        return {}, ()
    try:
        manifest = read_manifest(folder)
    except CheckpointError as problem:
        return {}, (f"nothing is known of the training: {problem}",)
    listed = manifest.files_sha256
    if changed := [name for name, digest in found.files_sha256.items() if listed.get(name, digest) != digest]:
        return {}, (f"nothing is known of the training: {changed[0]} is not the file its {MANIFEST} was written for",)
    kept = ["template", "recipe", "recipe_sha256", "corpus", "seeds", "trained_tokens", "complete", "machine", "curve"]
    if hashes.get("tokenizer.json") == found.files_sha256.get("tokenizer.json"):
        kept += ["bytes_per_token", "bytes_per_token_by_language"]
    return {key: getattr(manifest, key) for key in kept}, ()


def threads() -> int:
    """Threads to compute with: the cores that this process may use, at most 8."""
    return min(usable_cores(), 8)
