"""How the child locks itself up: once before it imports, and once more before the file's code runs.

System calls are the wall that has to stand. Namespaces, another user and landlock are walls behind it, and are
told where they stand.
"""

from __future__ import annotations

import contextlib
import enum
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from safeload.sandbox import filters, kernel, landlock
from safeload.sandbox.bpf import EPERM, ERRNO, NOTIFY, program

NOBODY: Final = 65534
OBSERVED_FILES: Final = 64
_SETGID, _SETUID, _READ_ANY = 6, 7, 2  # capabilities: to become nobody later, to read packages that are others'

# What Python and the C library look at while they import, beside the packages.
SURROUNDINGS: Final = """
    /usr /lib /lib64 /opt /etc/ld.so.cache /etc/localtime /etc/nsswitch.conf /etc/mime.types /etc/alternatives
    /proc/self /proc/cpuinfo /proc/meminfo /proc/stat /proc/sys/vm /proc/sys/kernel
    /sys/devices/system /sys/fs/cgroup /dev/null /dev/zero /dev/urandom /dev/random
""".split()


class FloorError(Exception):
    """What has to stand does not."""


class Stage(enum.Enum):
    """Who locks itself up."""

    CHILD = enum.auto()
    OBSERVED = enum.auto()
    """An observer answers the calls that are refused later, of which a process can have one only; so no filter
    stands while modules are imported."""
    HELPER = enum.auto()
    """It forks children, which lock themselves up further."""


def early(scratch: str, readable: Iterable[str], *, stage: Stage) -> dict[str, str]:
    """Nothing is started, sent or signalled from here on, and nothing written but in the scratch folder.

    Raises:
        FloorError: there is no filter of system calls for this machine, or it would not stand.
    """
    machine = filters.machine()
    if machine is None:
        msg = "there is no table of system calls for this machine"
        raise FloorError(msg)
    numbers = machine.numbers
    with _floor("no_new_privs"):
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    layers = {"namespaces": _namespaces()}
    with contextlib.suppress(OSError):
        root = os.geteuid() == 0
        kernel.drop_capabilities(numbers["capset"], (_SETGID, _SETUID, _READ_ANY) if root else ())
    # A helper's children have a place in /proc each; they shut the others' for themselves.
    proc = ("/proc",) if stage is Stage.HELPER else ()
    libraries = [f"{prefix}/{folder}" for prefix in (sys.base_prefix, sys.prefix) for folder in ("lib", "lib64")]
    places = [(place, landlock.READ) for place in (*SURROUNDINGS, *proc, *libraries, *readable)]
    with contextlib.suppress(OSError):
        wall = landlock.confine(numbers, [*places, (scratch, landlock.ALL), ("/dev/null", landlock.ALL)])
        layers["landlock"] = str(wall or "")
    _limit(resource.RLIMIT_CORE, 0)
    if stage is not Stage.OBSERVED:
        rules = filters.EARLY_SCRATCH if layers.get("landlock") else filters.EARLY_READING
        rules = rules | filters.FORKING if stage is Stage.HELPER else rules
        with _floor("the first filter of system calls"):
            kernel.install(numbers["seccomp"], program(machine, rules, ERRNO | EPERM), kernel.TSYNC)
    return layers


def strict(limits: dict[str, float], parent: int, layers: dict[str, str], *, observed: bool) -> int:
    """From here on there are memory, time and three descriptors; the observer's descriptor, if there is one.

    Raises:
        FloorError: a wall that has to stand does not.
    """
    machine = filters.machine()
    if machine is None:
        msg = "there is no table of system calls for this machine"
        raise FloorError(msg)
    numbers = machine.numbers
    _one_thread()
    os.closerange(filters.LISTENER + observed, _highest())
    layers["user"] = _nobody(numbers["capset"])
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        msg = "its parent is gone"
        raise FloorError(msg)
    kernel.prctl(kernel.PR_SET_DUMPABLE, int(observed))  # an observer reads what paths it names
    _limits(limits, observed=observed)
    with contextlib.suppress(OSError):
        landlock.confine(numbers, ())
    listener = -1
    with _floor("the filter of system calls"):
        if observed:
            code = program(machine, filters.OBSERVED, NOTIFY)
            listener = kernel.install(numbers["seccomp"], code, kernel.NEW_LISTENER)
        else:
            kernel.install(numbers["seccomp"], program(machine, filters.STRICT, ERRNO | EPERM), kernel.TSYNC)
    layers["system calls"] = "allowed by name"
    return listener


def probe() -> None:
    """See for itself that nothing is open that was shut.

    Raises:
        FloorError: something is.
    """
    for name, attempt in _ATTEMPTS.items():
        try:
            attempt()
        except OSError as error:
            if error.errno == EPERM:  # what the filter answers, and no other wall before it
                continue
            msg = f"{name} failed otherwise than it was to: {error}"
            raise FloorError(msg) from None
        msg = f"{name} was still possible"
        raise FloorError(msg)


_ATTEMPTS: Final[dict[str, Callable[[], object]]] = {
    "a socket of the network": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "a socket of this machine": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "opening a file": lambda: os.open("/", os.O_RDONLY),
    "a signal": lambda: os.kill(os.getppid(), 0),
    "a new process": lambda: os.posix_spawn("/", ("/",), {}),
}


@contextlib.contextmanager
def _floor(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{name}: {error.strerror or error}"
        raise FloorError(msg) from None


def _namespaces() -> str:
    """A network, and other things that processes share, of its own: where this user may have them."""
    for flags, words in (
        (kernel.NEW_NAMESPACES, "network, ipc, uts"),
        (kernel.NEW_NAMESPACES | kernel.NEW_USERS, "user, network, ipc, uts"),
    ):
        with contextlib.suppress(OSError):
            kernel.unshare(flags)
            return words
    return ""


def _one_thread() -> None:
    try:
        threads = os.listdir("/proc/self/task")  # noqa: PTH208 - a child imports as little as it can
    except OSError as error:
        msg = f"its threads cannot be counted: {error.strerror}"
        raise FloorError(msg) from None
    if len(threads) != 1:
        msg = f"{len(threads)} threads run in it: a module that it imported started some"
        raise FloorError(msg)


def _nobody(capset: int) -> str:
    """Root becomes nobody; everybody else stays who they are, with no privilege."""
    user = ""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            user = "nobody"
    with contextlib.suppress(OSError):
        kernel.drop_capabilities(capset)
    return user


def _limits(limits: dict[str, float], *, observed: bool) -> None:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a child imports as little as it can
        pages = int(file.read().split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + int(limits["memory"]))
    cpu = int(time.process_time() + limits["cpu"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    _limit(resource.RLIMIT_FSIZE, int(limits["output"]))
    for which in (resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE, resource.RLIMIT_SIGPENDING):
        _limit(which, 0)
    if observed:  # the observer counts its processes, and gives it pipes for sockets
        _limit(resource.RLIMIT_NOFILE, OBSERVED_FILES)
        return
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, filters.LISTENER)


def _limit(which: int, value: int) -> None:
    _, most = resource.getrlimit(which)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(which, (value, value))


def _highest() -> int:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return min(most, 1 << 20) if most > 0 else 1 << 20
