"""Runs every attempt without a sandbox and inside one, as one kind of user, and prints what came of it as JSON."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from attempts import IMPORTS, PRELUDE, TABLE

from safeload.sandbox import filters, kernel
from safeload.sandbox.bpf import ALLOW, ENOSYS, EPERM, ERRNO, Rule, program

PLAIN_USER = 1000
SECRET = "a secret of the parent"


def hostile(text: str) -> bytes:
    """A pickle of a list whose first item is what the text calls ``results``; it names what is to be imported."""
    run = f"(lambda ns: (exec({text!r}, ns), ns['results'])[1])({{}})".encode()
    call = b"c__builtin__\neval\nX" + len(run).to_bytes(4, "little") + run + b"\x85R"
    named = b"".join(b"c%s\n__name__\na" % name.encode() for name in IMPORTS)
    return b"\x80\x02]" + call + b"a" + named + b"."


def become(flavour: str) -> str:
    """Be that kind of user from here on; says why that cannot be."""
    if flavour == "root":
        return "" if os.geteuid() == 0 else "this is not root"
    if flavour == "warm":  # as whoever this is, from a helper that has forked before
        return ""
    if os.geteuid() == 0:
        open_the_way()
        os.setgroups([])
        os.setresgid(PLAIN_USER, PLAIN_USER, PLAIN_USER)
        os.setresuid(PLAIN_USER, PLAIN_USER, PLAIN_USER)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
        if not os.access(sys.executable, os.X_OK) or not os.access(os.__file__, os.R_OK):
            return "this Python lies where a plain user cannot read it"
    if flavour == "docker":
        shut = {"unshare": EPERM, "setns": EPERM, "mount": EPERM, "keyctl": EPERM, "add_key": EPERM, "bpf": EPERM}
        shut |= dict.fromkeys(("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"), ENOSYS)
        rules = {name: Rule((), ERRNO | number) for name, number in shut.items()}
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        machine = filters.machine()
        kernel.install(machine.numbers["seccomp"], program(machine, rules, ALLOW), 0)
    return ""


def open_the_way() -> None:
    """In a namespace of mounts, let others pass through folders that are root's alone on the way to this Python."""
    needed = {Path(p).resolve() for p in (sys.executable, sys.prefix, sys.base_prefix, os.__file__, __file__, *sys.path)}
    needed |= {Path(p).absolute() for p in (sys.executable, *sys.path)}
    shut = {d for p in needed for d in p.parents if d.exists() and not d.stat().st_mode & 1}
    if not shut:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    kernel.unshare(0x00020000)
    libc.mount(None, b"/", None, 0x44000, None)
    for folder in {d for d in shut if not shut & set(d.parents)}:
        names = {p.relative_to(folder).parts[0] for p in needed if folder in p.parents}
        kept = {name: os.open(folder / name, os.O_PATH) for name in names}
        assert libc.mount(b"none", bytes(folder), b"tmpfs", 0, b"mode=755") == 0
        for name, descriptor in kept.items():
            (folder / name).mkdir()
            assert libc.mount(f"/proc/self/fd/{descriptor}".encode(), bytes(folder / name), None, 0x1000, None) == 0
            os.close(descriptor)


class World:
    """What attempts aim at, and what of it was hit."""

    def __init__(self) -> None:
        self.hit: list[str] = []
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.abstract = f"safeload-{os.getpid()}"
        self.unix = [socket.socket(socket.AF_UNIX)]
        self.unix[0].bind("\0" + self.abstract)
        self.unix[0].listen()
        signal.signal(signal.SIGUSR1, lambda *_: self.hit.append("signal"))
        self.target = ctypes.create_string_buffer(b"a secret of the parent's memory", 4096)
        os.environ["SECRET"] = SECRET

    def room(self) -> dict:
        """A folder with victims, and all facts."""
        folder = tempfile.mkdtemp()
        os.chmod(folder, 0o777)
        for name in ("victim", "renamed", "deleted", "secret"):
            Path(folder, name).write_text("a secret")
            os.chmod(Path(folder, name), 0o666)
        os.mkdir(Path(folder, "there"))
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"{folder}/socket")
        os.chmod(f"{folder}/socket", 0o777)
        listening.listen()
        self.unix.append(listening)
        return {
            "room": folder,
            "parent": os.getpid(),
            "numbers": dict(filters.machine().numbers),
            "tcp": self.tcp.getsockname()[1],
            "udp": self.udp.getsockname()[1],
            "abstract": self.abstract,
            "address": ctypes.addressof(self.target),
        }

    def looked_at(self, room: str) -> dict:
        """What was hit since, as it is seen from here."""
        self.udp.setblocking(False)
        for name, receive in (("udp", lambda: self.udp.recv(9)), ("tcp", self._accepted)):
            try:
                receive()
                self.hit.append(name)
            except OSError:
                pass
        for listening in self.unix:
            listening.setblocking(False)
            try:
                listening.accept()
                self.hit.append("unix")
            except OSError:
                pass
        hit, self.hit = self.hit, []
        names = sorted(os.listdir(room))
        victim = Path(room, "victim").stat()
        facts = {"names": names, "mode": victim.st_mode & 0o777, "size": victim.st_size, "old": victim.st_mtime < 2}
        return {"hit": sorted(set(hit)), **facts}

    def _accepted(self) -> None:
        self.tcp.setblocking(False)
        self.tcp.accept()


def without(world: World) -> dict:
    """Each attempt in a process of its own that nothing holds."""
    found = {}
    for name, text in TABLE.items():
        facts = world.room()
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                input_file = os.open(facts["room"] + "/victim", os.O_RDONLY)
                output = os.memfd_create("output", 2)
                kept = [os.dup2(one, place) for one, place in ((os.dup(input_file), 903), (os.dup(output), 904), (writer, 905))]
                for at, number in zip((3, 4, 5), kept, strict=True):
                    os.dup2(number, at)
                os.write(4, b"x" * 4096)
                signal.signal(signal.SIGUSR1, signal.SIG_DFL)
                exec(PRELUDE + text, {"F": facts})
                os._exit(0)
            except BaseException as error:
                os.write(905, f"{type(error).__name__}: {error}"[:300].encode())
                os._exit(1)
        os.close(writer)
        with open(reader, "rb") as told:
            words = told.read()
        status = os.waitpid(pid, 0)[1]
        found[name] = "worked" if status == 0 else words.decode() or f"status {status}"
    return found


def inside(world: World, flavour: str) -> tuple[dict, dict, dict]:
    """All attempts in one child, each after the other."""
    import safeload
    from safeload import state
    from safeload.policy import Policy
    from safeload.sandbox.limits import ChildLimits

    facts = world.room()
    rows = "\n".join(f"attempt({name!r}, {text!r})" for name, text in TABLE.items())
    text = f"""F = {facts!r}
{PRELUDE}
results = {{}}
def attempt(name, text):
    space = dict(globals())
    try:
        exec(text, space)
        results[name] = "worked"
    except BaseException as error:
        results[name] = f"{{type(error).__name__}}: {{error}}"[:300]
{rows}
os.ftruncate(4, 0)
os.lseek(4, 0, 0)
"""
    file = Path(facts["room"], "attack.pkl")
    file.write_bytes(hostile(text))
    limits = ChildLimits(seconds=60, cpu=30, memory=1e9, output=32e6)
    state.STATE.policy = Policy(sandbox_limits=limits)
    os.set_inheritable(world.tcp.fileno(), True)
    if flavour == "warm":
        for _ in range(2):
            safeload.load_tensors(hostile("results = {}"), sandbox="always")
    started = time.monotonic()
    loaded = safeload.load_tensors(file, sandbox="always")
    seconds = time.monotonic() - started
    file.unlink()
    time.sleep(0.1)
    results = {name.removeprefix("0."): text for name, text in loaded.scalars.items() if name.startswith("0.")}
    return results, world.looked_at(facts["room"]), {"layers": loaded.ran.layers, "seconds": seconds, "helpers": len([h for h in state.STATE.helpers.values() if h != 1])}


def main() -> None:
    flavour = sys.argv[1]
    problem = become(flavour)
    if problem:
        print(json.dumps({"problem": problem}))
        return
    world = World()
    held, seen, ran = inside(world, flavour)
    free = without(world) if flavour in ("root", "plain") else {}
    print(json.dumps({"inside": held, "seen": seen, "without": free, "ran": ran, "threads": threading.active_count()}))


if __name__ == "__main__":
    main()
