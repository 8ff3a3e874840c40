"""The filters by themselves: a machine like the kernel's runs them, for both tables, call by call."""

from __future__ import annotations

import struct

import pytest

from safeload.sandbox import filters
from safeload.sandbox.bpf import ALLOW, EPERM, ERRNO, KILL, Machine, program

REFUSED = ERRNO | EPERM


def run(code: bytes, number: int, audit: int, arguments: tuple[int, ...] = ()) -> int:
    """What the kernel would answer."""
    data = struct.pack("=iIQ6Q", number, audit, 0, *(*arguments, *(0,) * 6)[:6])
    steps = list(struct.iter_unpack("=HBBI", code))
    at = value = 0
    while True:
        kind, true, false, operand = steps[at]
        at += 1
        if kind == 0x20:
            (value,) = struct.unpack_from("=I", data, operand)
        elif kind == 0x06:
            return operand
        else:
            holds = {0x15: value == operand, 0x45: bool(value & operand), 0x35: value >= operand}[kind]
            at += true if holds else false


MACHINES = list(filters.MACHINES.values())
NAMES = list(filters.MACHINES)
every_machine = pytest.mark.parametrize("machine", MACHINES, ids=NAMES)


def strict(machine: Machine) -> bytes:
    return program(machine, filters.STRICT, REFUSED)


# What the strict filter lets through where its arguments are all zero; everything else that either table has is refused.
PLAIN = set(
    """
    brk munmap mremap madvise clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage
    sched_yield restart_syscall getpid gettid getppid getuid geteuid getgid getegid getpgrp uname sysinfo getcpu exit
    exit_group rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack set_robust_list rseq futex membarrier getrandom read
    pread64 readv preadv preadv2 lseek close fstat mmap mprotect prlimit64 sched_getaffinity getrlimit
    """.split()
)


@every_machine
def test_what_is_let_through_is_this_list(machine: Machine) -> None:
    code = strict(machine)
    through = {name for name, number in machine.numbers.items() if run(code, number, machine.audit) == ALLOW}
    assert through == PLAIN & machine.numbers.keys()


# (the call, its arguments, whether it is let through)
ARGUMENTS = {
    "writing to the output": ("write", (4,), True),
    "writing to the report": ("write", (5,), True),
    "writing to the file": ("write", (3,), False),
    "writing to what it is told by": ("write", (0,), False),
    "writing to the output, as the kernel cuts it": ("write", (1 << 32 | 4,), True),
    "writing to a descriptor that is none": ("write", (1 << 32,), False),
    "writing at a place of the report": ("pwrite64", (5,), False),
    "shortening the file": ("ftruncate", (3,), False),
    "memory": ("mmap", (0, 4096, 3), True),
    "memory that is run": ("mmap", (0, 4096, 5), False),
    "memory that is run, in bits beyond": ("mmap", (0, 4096, 1 << 40 | 7), False),
    "memory made to be run": ("mprotect", (0, 4096, 4), False),
    "its own limits, read": ("prlimit64", (0, 7, 0, 1), True),
    "its own limits, set": ("prlimit64", (0, 7, 1, 0), False),
    "its own limits, set from far away": ("prlimit64", (0, 7, 1 << 32, 0), False),
    "another's limits": ("prlimit64", (1, 7, 0, 1), False),
    "flags of a descriptor": ("fcntl", (3, 1), True),
    "an owner of a descriptor": ("fcntl", (5, 8), False),
    "a lock on a file": ("fcntl", (3, 6), False),
    "seals": ("fcntl", (4, 1033), False),
    "a terminal": ("ioctl", (0, 0x5401), True),
    "a letter typed into a terminal": ("ioctl", (0, 0x5412), False),
    "processors of its own": ("sched_getaffinity", (0,), True),
    "processors of another": ("sched_getaffinity", (1,), False),
}


@every_machine
@pytest.mark.parametrize(("name", "arguments", "through"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_that_count(name: str, arguments: tuple[int, ...], through: bool, machine: Machine) -> None:  # noqa: FBT001 - a column
    found = run(strict(machine), machine.numbers[name], machine.audit, arguments)
    assert found == (ALLOW if through else REFUSED)


@every_machine
def test_another_machine_is_ended(machine: Machine) -> None:
    """The 32-bit calls of the same processor, by whatever number."""
    for rules in (filters.STRICT, filters.EARLY_READING, filters.EARLY_SCRATCH, filters.OBSERVED):
        for audit in (0x40000003, 0x40000028, machine.audit ^ 1):
            assert run(program(machine, rules, REFUSED), machine.numbers["getpid"], audit) == KILL


def test_the_other_table_of_x86_is_ended() -> None:
    machine = filters.MACHINES["x86_64"]
    for number in (0x40000000 | 39, 0x40000000, 0x7FFFFFFF, 0xFFFFFFFF - (1 << 32)):
        assert run(strict(machine), number, machine.audit) == KILL


# What may not be done while modules are imported, with whatever arguments.
NEVER_EARLY = """
    socket socketpair connect bind sendto sendmsg recvmsg clone fork vfork execve execveat kill tkill tgkill
    rt_sigqueueinfo pidfd_open pidfd_getfd pidfd_send_signal ptrace process_vm_readv process_vm_writev kcmp mount umount2
    unshare setns chroot pivot_root io_uring_setup bpf perf_event_open userfaultfd keyctl add_key request_key setuid
    setgid reboot kexec_load init_module personality name_to_handle_at open_by_handle_at chown fchown setxattr
""".split()


@every_machine
@pytest.mark.parametrize("rules", [filters.EARLY_READING, filters.EARLY_SCRATCH], ids=["reading", "scratch"])
def test_nothing_is_started_sent_or_signalled_while_it_imports(rules: dict, machine: Machine) -> None:
    code = program(machine, rules, REFUSED)
    assert not [name for name in NEVER_EARLY if name in machine.numbers and run(code, machine.numbers[name], machine.audit) == ALLOW]


@every_machine
def test_without_landlock_files_are_only_read(machine: Machine) -> None:
    code = program(machine, filters.EARLY_READING, REFUSED)

    def through(name: str, *arguments: int) -> bool:
        return run(code, machine.numbers[name], machine.audit, arguments) == ALLOW

    assert through("openat", 0, 0, 0o2000000)
    for flags in (0o1, 0o2, 0o100, 0o1000, 0o20200000 | 0o2):
        assert not through("openat", 0, 0, flags)
    for name in ("mkdirat", "unlinkat", "renameat2", "symlinkat", "linkat", "ftruncate", "fchmod", "openat2", "truncate", "mknodat"):
        assert not through(name)


@every_machine
def test_every_name_of_the_rules_is_one_of_a_table(machine: Machine) -> None:
    """A slip of the pen would be a rule that does not hold."""
    known = set().union(*(one.numbers for one in MACHINES))
    for rules in (filters.STRICT, filters.OBSERVED, filters.EARLY_READING, filters.EARLY_SCRATCH, filters.FORKING):
        assert set(rules) <= known
    assert len(strict(machine)) // 8 < 4096  # what the kernel takes


def test_numbers_are_those_of_the_headers() -> None:
    """Some of each, as the kernel's own headers have them."""
    x86, arm = (filters.MACHINES[name].numbers for name in ("x86_64", "aarch64"))
    names = ("read", "openat", "mmap", "socket", "clone", "execve", "seccomp", "clone3", "landlock_restrict_self", "rseq")
    assert [x86[name] for name in names] == [0, 257, 9, 41, 56, 59, 317, 435, 446, 334]
    assert [arm[name] for name in names] == [63, 56, 222, 198, 220, 221, 277, 435, 446, 293]
