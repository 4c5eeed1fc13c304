"""What is asked for: parents, method and options, checked, and the plan that follows. Needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError, UnknownNameError
from core.transfer_record import TransferRecord
from training.transfer.adapter import plan_adapter, read_adapter
from training.transfer.methods import Method, check_options, method_named
from training.transfer.methods.difference import METHOD as PLAIN
from training.transfer.plan import BASE, PRETRAINED, Plan, Wishes, make_plan
from training.transfer.side_files import SideFiles, side_files
from training.transfer.tensors import Checkpoint, open_checkpoint
from training.transfer.writer import Shard, layout

ADAPTER, INSTRUCT = "adapter", "instruct"
DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}
DEFAULT_SHARD_BYTES = 5_000_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """Parents by role, and how they are put together; what is none is the method's default."""

    parents: dict[str, Path]
    method: str = "difference"
    scales: tuple[float, ...] = ()
    scale_of: tuple[tuple[str, float], ...] = ()
    leave_out: tuple[str, ...] = ()
    density: float | None = None
    seed: int | None = None
    dtype: str | None = None
    tokenizer_from: str = INSTRUCT
    shard_bytes: int = DEFAULT_SHARD_BYTES

    @classmethod
    def of_record(cls, record: TransferRecord, parents: dict[str, Path]) -> Request:
        """The request that a record was made from, with the parents where they lie now."""
        return cls(
            parents=parents,
            method=record.method,
            scales=record.scales,
            scale_of=record.scale_of,
            leave_out=record.leave_out,
            density=record.density,
            seed=record.seed,
            dtype=record.dtype,
            tokenizer_from=record.tokenizer_from,
            shard_bytes=record.shard_bytes,
        )

    @property
    def instructs(self) -> list[str]:
        """The roles of the instruct models, in order."""
        return [role for role in self.parents if role.startswith(INSTRUCT)]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is known before the first number is read."""

    request: Request
    method: Method
    scales: tuple[float, ...]
    checkpoints: dict[str, Checkpoint]
    plan: Plan
    shards: list[Shard]
    files: SideFiles

    @property
    def density(self) -> float:
        """As asked, or the method's default; 1 where it has none."""
        return self.request.density or self.method.default_density or 1.0

    @property
    def seed(self) -> int:
        """As asked, or 0."""
        return self.request.seed or 0

    @property
    def bytes(self) -> int:
        """Of the whole output."""
        return sum(shard.bytes for shard in self.shards) + sum(map(len, self.files.content.values()))

    @property
    def notes(self) -> tuple[str, ...]:
        """What differed between the parents."""
        return self.plan.notes + self.files.notes


def prepare(request: Request) -> Prepared:
    """Read headers and make the plan. Raises `ConfigError`, `UnknownNameError` or `CheckpointError`, one line.

    A plan with refused tensors is returned: whoever carries it out refuses it.
    """
    _check_parents(request)
    method = PLAIN if ADAPTER in request.parents else method_named(request.method)
    scales = _scales(request, method)
    checkpoints = {role: open_checkpoint(path) for role, path in request.parents.items() if role != ADAPTER}
    dtype = DTYPES.get(request.dtype or "")
    wishes = Wishes(scales, request.scale_of, request.leave_out, dtype, request.tokenizer_from)
    if ADAPTER in request.parents:
        plan = plan_adapter(checkpoints[INSTRUCT], read_adapter(request.parents[ADAPTER]), wishes)
        checkpoints = {PRETRAINED: checkpoints[INSTRUCT], INSTRUCT: checkpoints[INSTRUCT]}
    else:
        plan = make_plan(checkpoints, method, wishes)
    adapter = request.parents.get(ADAPTER)
    files = side_files(checkpoints, request.tokenizer_from, plan.rows, plan.tied, dtype, adapter)
    shards = layout([tensor for tensor in plan.tensors if tensor.written], request.shard_bytes)
    return Prepared(request, method, scales, checkpoints, plan, shards, files)


def _check_parents(request: Request) -> None:
    if request.dtype is not None and request.dtype not in DTYPES:
        raise UnknownNameError("dtype", request.dtype, DTYPES)
    if request.shard_bytes < 1:
        raise ConfigError("--shard-size must be above 0")
    if not request.instructs:
        raise ConfigError("--instruct is missing; name the instruct model")
    if ADAPTER in request.parents:
        if wrong := [role for role in (PRETRAINED, BASE, "instruct-2") if role in request.parents]:
            raise ConfigError(f"with --adapter there is no {wrong[0]}; it is merged into one --instruct model")
        if request.density is not None or request.seed is not None or request.scale_of or request.leave_out:
            raise ConfigError("with --adapter only --scale, --dtype and --shard-size mean something")
        if request.tokenizer_from != INSTRUCT:
            raise ConfigError("with --adapter the tokenizer is the instruct model's; leave --tokenizer-from away")
        return
    check_options(request.method, request.density, request.seed, len(request.instructs))
    if PRETRAINED not in request.parents:
        raise ConfigError("--pretrained is missing; name the further pre-trained model, or an --adapter")
    if method_named(request.method).needs_base is not (BASE in request.parents):
        if BASE in request.parents:
            raise ConfigError(f"--base means nothing to {request.method}; leave it away")
        raise ConfigError("--base is missing; name the model that instruct and pretrained were made from")
    if request.tokenizer_from not in request.parents:
        raise UnknownNameError("parent", request.tokenizer_from, request.parents)


def _scales(request: Request, method: Method) -> tuple[float, ...]:
    count = len(request.instructs)
    scales = request.scales or (method.default_scale,)
    if len(scales) == 1:
        scales *= count
    if len(scales) != count:
        raise ConfigError(f"--scale is given {len(scales)} times, --instruct {count} times; give one for each")
    for scale in (*scales, *(value for _, value in request.scale_of)):
        if not math.isfinite(scale):
            raise ConfigError(f"--scale {scale} is no finite number")
    return scales
