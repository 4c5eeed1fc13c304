"""A filter of system calls for programs in the sandbox: what would let one interfere with what runs beside it.

bubblewrap's own first process has the program's user, so that without the filter it could be traced. A denied call
fails with EPERM. Calls made for another architecture (32 bits) are denied altogether.
"""

from __future__ import annotations

import errno
import platform
import struct

# Numbers by architecture, from the kernel's own tables (arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h).
_X86_64 = {
    "ptrace": 101, "pivot_root": 155, "mount": 165, "umount2": 166, "kexec_load": 246, "add_key": 248,
    "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427,
}  # fmt: skip
_AARCH64 = {
    "umount2": 39, "mount": 40, "pivot_root": 41, "unshare": 97, "kexec_load": 104, "ptrace": 117, "add_key": 217,
    "request_key": 218, "keyctl": 219, "perf_event_open": 241, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "bpf": 280, "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427,
}  # fmt: skip
_ARCHITECTURES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | errno.EPERM
_X32 = 0x40000000


def denying_filter(machine: str = platform.machine()) -> bytes:
    """The filter as classic BPF, 8 bytes an instruction; empty for an architecture without a table."""
    if machine not in _ARCHITECTURES:
        return b""
    architecture, calls = _ARCHITECTURES[machine]
    numbers = sorted(calls.values())
    rest = len(numbers) + 1  # instructions between the first checks and the denial
    program = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 0, rest + 2, architecture),
        (_LOAD, 0, 0, 0),
        (_JUMP_AT_LEAST, rest, 0, _X32),
        *((_JUMP_EQUAL, len(numbers) - index, 0, number) for index, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _DENY),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
