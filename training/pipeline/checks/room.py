"""Whether this machine can run the stages that are ahead, not finished and not behind `--until`.

What is sure not to fit on its disk or into its memory is refused, what may not fit is said.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection

from core.errors import ConfigError
from training.fitting.settings import FitSettings
from training.pipeline.devices import processes_of, this_machine
from training.pipeline.estimates import Device, advice, gigabytes, memory
from training.pipeline.sizes import Fitting, disk_of_run, fittings
from training.pipeline.work import Work
from training.reinforcement.settings import ReinforceSettings


def _disk(work: Work, ahead: Collection[str]) -> None:
    needed = disk_of_run(work, ahead)
    place = next(path for path in (work.run.path, *work.run.path.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise ConfigError(
            f"{work.run.path}: about {gigabytes(needed)} are needed and {gigabytes(free)} are free; make room, or name "
            "a folder on another disk with --output"
        )


def _memory(work: Work, ahead: Collection[str]) -> None:
    for each in fittings(work, ahead):
        device = this_machine(processes_of(each.settings.accelerate))
        takes = memory(each.shape, each.settings, device)
        if takes.total <= device.memory_bytes:
            continue
        said = f"{each.stage}: about {gigabytes(takes.total)} of memory are needed, {device.label} has "
        said += f"{gigabytes(device.memory_bytes)}{what_helps(each, device)}"
        if takes.sure > device.memory_bytes:
            raise ConfigError(said)
        work.tools.say(f"warning: {said}")


def what_helps(each: Fitting, device: Device) -> str:
    """What to change so that it fits, as the end of a sentence."""
    known = ReinforceSettings if each.stage == "reinforce" else FitSettings
    changes = advice(each.shape, each.settings, device, known.model_fields)
    if changes is None:
        return "; no setting makes it fit: take a smaller model, or more devices with `accelerate`"
    return f"; set in {each.stage.replace('-instruct', '')}: {', '.join(changes)}" if changes else ""


def _compilers(work: Work, ahead: Collection[str]) -> None:
    if shutil.which(os.environ.get("CXX") or "g++") or shutil.which("clang++"):
        return
    for each in fittings(work, ahead):
        if each.settings.compile and not this_machine(processes_of(each.settings.accelerate)).gpu:
            raise ConfigError(
                f"{each.stage}: compile needs a C++ compiler; on Debian: apt-get install g++, or set compile: false"
            )


CHECKS: tuple[Callable[[Work, Collection[str]], None], ...] = (_disk, _memory, _compilers)
