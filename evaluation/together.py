"""One program on several inputs in one sandbox: the shell's command for it, and what came of each run.

What was printed, said and returned by each run lies in files, which come out as an archive. A program may write these
files itself; since no expected output is in the sandbox, that gains it nothing.
"""

from __future__ import annotations

import io
import math
import shlex
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass

from core.sandbox import End, Limits, Outcome

CHECK_FAILED = 121
"""Exit status of the shell around a check and a run where the check failed. A program that ends so fails anyway."""
_SIGNALS = 128
_TIME = (_SIGNALS + 24, 124)
"""What a shell returns for a program that met the limit on CPU time, or on wall time."""
_UNCLEAR = (_SIGNALS + 9, _SIGNALS + 25)
"""For one that was killed, by that limit or for its memory; that met the one on the size of a file."""
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Together:
    """`run` for each input, after `check`; up to the first that returns another status than 0 if `stop` is set."""

    run: Sequence[str]
    check: Sequence[str]
    each: Limits
    stop: bool

    def inputs(self, cases: Sequence[bytes]) -> dict[str, bytes]:
        """The files that the inputs are read from."""
        return {f".in{number}": stdin for number, stdin in enumerate(cases)}

    def command(self, count: int) -> tuple[str, ...]:
        """A shell's, for so many inputs."""
        seconds = math.ceil(self.each.cpu_s)
        blocks = math.ceil(self.each.output_mib * (1 << 20) / _BLOCK)
        limit = f"ulimit -S -t {seconds}; ulimit -H -t {seconds + 1}; ulimit -f {blocks}"
        run = shlex.join(self.run)
        numbers = " ".join(map(str, range(count)))
        lines = [
            *([f"{shlex.join(self.check)} >&2 </dev/null || exit {CHECK_FAILED}"] if self.check else []),
            f"for n in {numbers}; do",
            f"({limit}; exec timeout -k 1 {math.ceil(self.each.wall_s)} {run}) <.in$n >.out$n 2>.err$n",
            "status=$?; echo $status >.status$n",
            *(["[ $status -eq 0 ] || break"] if self.stop else []),
            "done",
            "exec tar -cf - .status* .out* .err*",
        ]
        return "/bin/sh", "-c", "\n".join(lines)

    def limits(self, count: int) -> Limits:
        """Of all together: CPU time for the check and each run, and room for the archive."""
        return self.each.model_copy(
            update={
                "cpu_s": self.each.cpu_s * (count + 1),
                "wall_s": (self.each.wall_s + 1) * (count + 1),
                "output_mib": self.each.disk_mib + 1.0,
            }
        )

    def check_failed(self, outcome: Outcome) -> bool:
        """Whether the check refused the program."""
        return bool(self.check) and outcome.end is End.EXITED and outcome.status == CHECK_FAILED

    def outcomes(self, whole: Outcome, count: int) -> list[Outcome] | None:
        """Of each run that was begun; `None` where they cannot be told, and each has to be run by itself."""
        if whole.end is not End.EXITED or whole.status:
            return None
        names = [f".{kind}{number}" for number in range(count) for kind in ("status", "out", "err")]
        try:
            files = unpacked(whole.stdout, names)
            found: list[Outcome] = []
            for number in range(count):
                if f".status{number}" not in files:
                    break
                status = int(files[f".status{number}"])
                if status in _UNCLEAR:
                    return None
                found.append(self._outcome(whole, status, files[f".out{number}"], files[f".err{number}"], count))
        except (tarfile.TarError, ValueError, KeyError, OverflowError, EOFError, OSError):
            return None
        return found or None

    def _outcome(self, whole: Outcome, status: int, stdout: bytes, stderr: bytes, count: int) -> Outcome:
        end = End.EXITED
        if status in _TIME:
            end = End.TIMEOUT
        elif status > _SIGNALS:
            end, status = End.SIGNALLED, status - _SIGNALS
        return Outcome(end, status, stdout, stderr, whole.wall_s / count, whole.cpu_s / count, whole.memory_mib)


def unpacked(archive: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """The files `names` of what a hostile program may have packed: nothing but plain files is taken."""
    found: dict[str, bytes] = {}
    if not names:
        return found
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as packed:
        for member in packed:
            if member.name in names and (file := packed.extractfile(member)):
                found[member.name] = file.read()
    return found
