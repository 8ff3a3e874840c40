"""Which system calls each stage of the child may make, with the reason where it is not plain.

``EARLY`` holds while modules are imported: files may be read, and nothing is started, sent or signalled.
``STRICT`` holds while the file's code runs: memory, time, and the three descriptors it was given. Both take
that code for machine code of its own, so a rule looks at numbers and never at what a pointer points to.
"""

from __future__ import annotations

import platform
import sys
from typing import Final

from safeload.sandbox.bpf import ENOSYS, ERRNO, Among, Machine, Null, Rule, Without
from safeload.sandbox.syscalls import AARCH64, X86_64

FILE: Final = 3
OUTPUT: Final = 4
REPORT: Final = 5
LISTENER: Final = 6  # only while an observed child hands over the descriptor of its observer

MACHINES: Final = {
    "x86_64": Machine(0xC000003E, X86_64, has_x32=True),
    "aarch64": Machine(0xC00000B7, AARCH64, has_x32=False),
}

_PROT_EXEC: Final = 4
_F_GETFD: Final = 1
_F_GETFL: Final = 3
_F_DUPFD: Final = (0, 1030)  # plain, and closed on exec
_F_SETFD: Final = 2
_TCGETS: Final = 0x5401
_FIOCLEX: Final = 0x5451
_FIONREAD: Final = 0x541B
_WRITES: Final = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE's own bit
_SETS_MODE: Final = 0o4000 | 0o2000

_PLAIN: Final = Rule()

_MEMORY: Final = """
    brk munmap mremap madvise
"""
_TIME: Final = """
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage sched_yield restart_syscall
"""
_ITSELF: Final = """
    getpid gettid getppid getuid geteuid getgid getegid getpgrp uname sysinfo getcpu
    exit exit_group rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
    set_robust_list rseq futex membarrier getrandom
"""
_DESCRIPTORS: Final = """
    read pread64 readv preadv preadv2 lseek close fstat
"""


def _rules(*names: str) -> dict[str, Rule]:
    return {name: _PLAIN for text in names for name in text.split()}


STRICT: Final[dict[str, Rule]] = _rules(_MEMORY, _TIME, _ITSELF, _DESCRIPTORS) | {
    "write": Rule((Among(0, (OUTPUT, REPORT)),)),
    "pwrite64": Rule((Among(0, (OUTPUT,)),)),
    "ftruncate": Rule((Among(0, (OUTPUT,)),)),  # RLIMIT_FSIZE bounds it
    "mmap": Rule((Without(2, _PROT_EXEC),)),
    "mprotect": Rule((Without(2, _PROT_EXEC),)),
    # F_SETOWN would have the kernel send signals, F_NOTIFY and leases watch others' files.
    "fcntl": Rule((Among(1, (_F_GETFD, _F_GETFL)),)),
    "ioctl": Rule((Among(1, (_TCGETS, _FIOCLEX)),)),  # whether it is a terminal; what Python does to descriptors
    "prlimit64": Rule((Among(0, (0,)), Null(2))),  # its own, and read only
    "sched_getaffinity": Rule((Among(0, (0,)),)),
    "getrlimit": _PLAIN,
    "clone3": Rule((), ERRNO | ENOSYS),  # glibc asks clone then, which has no rule
}

OBSERVED: Final[dict[str, Rule]] = (
    STRICT
    | _rules("pipe pipe2 dup dup2 dup3 wait4 waitid poll ppoll select pselect6 write close_range")
    | {
        "fcntl": Rule((Among(1, (_F_GETFD, _F_SETFD, _F_GETFL, *_F_DUPFD)),)),
        "ioctl": Rule((Among(1, (_TCGETS, _FIOCLEX, 0x5450, _FIONREAD, 0x5413, 0x5421)),)),
        "sendmsg": Rule((Among(0, (LISTENER,)),)),
    }
)
"""The same, and what a program does on its way to something worth telling: pipes of its own, and waiting for what it
started. The observer's descriptor is handed over through a socket that is closed before the code runs."""

# Landlock says where: in the scratch folder alone. Where there is none, nothing may be written at all.
_CHANGES: Final = """
    mkdir mkdirat unlink unlinkat rmdir rename renameat renameat2 symlink symlinkat link linkat
    ftruncate fsync fdatasync fallocate write pwrite64 writev pwritev utimensat
"""

_READS: Final = """
    newfstatat stat lstat statx access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd
    fstatfs statfs fadvise64 flock poll ppoll select pselect6 epoll_create1 dup dup2 dup3 pipe pipe2 umask
    sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getpriority getpgid getsid
    getgroups getresuid getresgid set_tid_address arch_prctl chdir fchdir getxattr lgetxattr fgetxattr
    eventfd2 memfd_create mlock munlock close_range writev mmap mprotect get_mempolicy
"""

# What the next lock needs.
_LOCKING: Final = """
    prctl seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self
    setgroups setresuid setresgid capset capget
"""

_EARLY: Final[dict[str, Rule]] = (
    STRICT
    | _rules(_READS, _LOCKING)
    | {
        "fcntl": Rule((Among(1, (_F_GETFD, _F_SETFD, _F_GETFL, 4, *_F_DUPFD)),)),  # 4: F_SETFL
        "ioctl": Rule((Among(1, (_TCGETS, _FIOCLEX, 0x5450, _FIONREAD, 0x5413)),)),  # 0x5413: the terminal's width
        "prlimit64": Rule((Among(0, (0,)),)),
        "write": _PLAIN,  # of descriptors that are open: files only where they could be opened so
        "openat2": Rule((), ERRNO | ENOSYS),  # its flags are behind a pointer
    }
)
EARLY_READING: Final[dict[str, Rule]] = _EARLY | {
    "open": Rule((Without(1, _WRITES),)),
    "openat": Rule((Without(2, _WRITES),)),
}
"""Files may be read."""

EARLY_SCRATCH: Final[dict[str, Rule]] = (
    _EARLY
    | _rules(_CHANGES, "open openat")
    | {"chmod": Rule((Without(1, _SETS_MODE),)), "fchmod": Rule((Without(1, _SETS_MODE),))}
)
"""Files may be read, and written where landlock lets them."""


FORKING: Final[dict[str, Rule]] = _rules("clone fork vfork wait4 waitid recvmsg sendmsg sendto pidfd_open write")
"""What a helper does beside importing: fork, and tell its parent of it through a socket that it was given."""


def machine() -> Machine | None:
    """What this machine is; None where there is no table for it, or Python is of another one than the kernel."""
    found = MACHINES.get(platform.machine())
    return found if sys.maxsize > 1 << 32 and sys.byteorder == "little" else None
