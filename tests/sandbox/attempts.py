"""What a file's code may try: each row runs to its end where nothing holds it, and raises where something does.

Rows see ``F``, the facts (paths, ports, the parent), ``S(name, *arguments)``, a system call by its name that
raises as os does, and ``buffer(n)``.
"""

from __future__ import annotations

PRELUDE = """
import array, ctypes, errno, fcntl, mmap, os, resource, select, signal, socket, struct, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
P = F["parent"]
def S(name, *arguments):
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    found = libc.syscall(ctypes.c_long(F["numbers"][name]), *words)
    if found < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return found
def buffer(n=256): return ctypes.create_string_buffer(n)
def path(text): return ctypes.c_char_p(text.encode())
HERE = -100
KEPT = buffer()
"""

# What is brought in with the prelude: a file names these, so that they are imported before the lock.
IMPORTS = "encodings.idna array ctypes errno fcntl mmap os resource select signal socket struct subprocess sys threading time".split()

FILES = {
    "make a file": "open(F['room'] + '/made', 'w').write('x')",
    "make a folder": "os.mkdir(F['room'] + '/folder')",
    "make a symbolic link": "os.symlink('/etc/passwd', F['room'] + '/link')",
    "make a hard link": "os.link(F['room'] + '/victim', F['room'] + '/hard')",
    "make a pipe with a name": "os.mkfifo(F['room'] + '/fifo')",
    "make a file without a name": "os.close(os.open(F['room'], os.O_TMPFILE | os.O_RDWR))",
    "write to a file": "open(F['room'] + '/victim', 'a').write('x')",
    "shorten a file": "os.truncate(F['room'] + '/victim', 0)",
    "rename a file": "os.rename(F['room'] + '/renamed', F['room'] + '/after')",
    "delete a file": "os.unlink(F['room'] + '/deleted')",
    "change a file's mode": "os.chmod(F['room'] + '/victim', 0o600)",
    "change a file's owner": "os.chown(F['room'] + '/victim', -1, os.getgid())",
    "change a file's times": "os.utime(F['room'] + '/victim', (1, 1))",
    "change a file's attributes": "os.setxattr(F['room'] + '/victim', 'user.a', b'b')",
    "open the file to write into it": "open('/proc/self/fd/3', 'r+b').write(b'x')",
    "lock the file": "fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)",
    "read a secret": "assert open(F['room'] + '/secret').read() == 'a secret'",
    "read /etc/passwd": "assert open('/etc/passwd').read()",
    "see whether a file is there": "os.stat('/etc/passwd')",
    "see it by statx": "S('statx', HERE, path('/etc/passwd'), 0, 0xFFF, buffer())",
    "see it by newfstatat with an empty path": "S('newfstatat', HERE, path('/etc/passwd'), buffer(), 0x1000)",
    "see it by access": "assert os.access('/etc/passwd', os.R_OK), 'no access'",
    "see it by faccessat2": "S('faccessat2', HERE, path('/etc/passwd'), 4, 0)",
    "see it by a handle": "S('name_to_handle_at', HERE, path('/etc/passwd'), ctypes.create_string_buffer(struct.pack('Ii', 128, 0), 200), ctypes.byref(ctypes.c_int()), 0)",
    "open by openat2": "os.close(S('openat2', HERE, path('/etc/passwd'), ctypes.create_string_buffer(24), 24))",
    "open a folder": "os.close(os.open('/', os.O_RDONLY | os.O_DIRECTORY))",
    "open a path": "os.close(os.open('/etc', os.O_PATH))",
    "list a folder": "assert os.listdir('/')",
    "read a link": "os.readlink('/proc/self/exe')",
    "read an attribute": "os.listxattr('/')",
    "ask for the space on a disk": "os.statvfs('/')",
    "ask where it is": "os.getcwd()",
    "go elsewhere": "os.chdir('/')",
    "another root": "os.chroot('/')",
    "watch a file": "f = S('inotify_init1', 0); S('inotify_add_watch', f, path('/etc/passwd'), 1)",
    "watch every file": "os.close(S('fanotify_init', 0, 0))",
    "be told of changes in a folder": "f = os.open('/', os.O_RDONLY); fcntl.fcntl(f, 1026, 1)",
    "import a module": "import tabnanny, pyclbr",
    "mount a file system": "S('mount', path('none'), path(F['room'] + '/there'), path('tmpfs'), 0, None)",
    "mount by the new calls": "os.close(S('fsopen', path('tmpfs'), 0))",
    "copy the file by copy_file_range": "S('copy_file_range', 3, None, 4, None, 1, 0)",
    "copy the file by sendfile": "os.sendfile(4, 3, 0, 1)",
}

NETWORK = {
    "connect by TCP": "s = socket.socket(); s.connect(('127.0.0.1', F['tcp'])); s.sendall(b'tcp')",
    "send by UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'udp', ('127.0.0.1', F['udp']))",
    "connect to an abstract socket": "socket.socket(socket.AF_UNIX).connect('\\0' + F['abstract'])",
    "connect to a socket with a path": "socket.socket(socket.AF_UNIX).connect(F['room'] + '/socket')",
    "listen": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
    "a pair of sockets": "socket.socketpair()",
    "the routing socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))",
    "a raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "a packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)",
    "the kernel's ciphers": "socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET, 0)",
    "a socket of any family": """
found = []
for family in range(1, 46):
    for kind in (1, 2, 3, 5):
        try: found.append(socket.socket(family, kind))
        except OSError: pass
assert found""",
    "ask for a name": "assert socket.getaddrinfo('localhost', 80)",
    "a socket by its number": "os.close(S('socket', 2, 1, 0))",
}

PROCESSES = {
    "fork": "p = os.fork()\nif not p: os._exit(0)\nos.waitpid(p, 0)",
    "fork by its number": "p = S('clone', 17, 0, 0, 0, 0)\nif not p: os._exit(0)\nos.waitpid(p, 0)",
    "fork by clone3": "p = S('clone3', ctypes.create_string_buffer(struct.pack('8Q', 0, 0, 0, 0, 17, 0, 0, 0)), 64)\nif not p: os._exit(0)\nos.waitpid(p, 0)",
    "start a program": "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
    "start a program by subprocess": "subprocess.run(['/bin/true'], check=True)",
    "start a shell": "assert os.system('true') == 0",
    "become a program": "os.execv('/bin/true', ['true'])",
    "become a program by its descriptor": "f = os.open('/bin/true', os.O_RDONLY)\nS('execveat', f, path(''), (ctypes.c_char_p * 2)(b'true', None), None, 0x1000)",
    "start a thread": "t = threading.Thread(target=int); t.start(); t.join()",
}

OTHERS = {
    "send its parent a signal": "os.kill(P, signal.SIGUSR1)",
    "ask whether its parent is there": "os.kill(P, 0)",
    "send whoever has forked it a signal": "os.kill(os.getppid(), 0)",
    "attach to whoever has forked it": "Q = os.getppid()\nS('ptrace', 16, Q, 0, 0)\nos.waitpid(Q, 0x40000000)\nS('ptrace', 17, Q, 0, 0)",
    "send every process a signal": "os.kill(-1, 0)",
    "send a thread of its parent a signal": "S('tgkill', P, P, 10)",
    "send a signal with a value": "S('rt_sigqueueinfo', P, 10, ctypes.create_string_buffer(struct.pack('iii', 10, 0, -1), 128))",
    "have the kernel send a signal": """
r, w = 5, 5
fcntl.fcntl(w, 8, P)
assert fcntl.fcntl(w, 9) == P""",
    "have the kernel send a signal by ioctl": "fcntl.ioctl(5, 0x5452, struct.pack('i', 1))",
    "a descriptor of its parent": "os.close(os.pidfd_open(P))",
    "a descriptor out of its parent": "S('pidfd_getfd', os.pidfd_open(P), 1, 0)",
    "its parent's limits": "resource.prlimit(P, resource.RLIMIT_NOFILE)",
    "its parent's priority": "os.setpriority(os.PRIO_PROCESS, P, os.getpriority(os.PRIO_PROCESS, P))",
    "its parent's processors": "os.sched_setaffinity(P, os.sched_getaffinity(P))",
    "its parent's group": "os.getpgid(P)",
    "attach to its parent": "S('ptrace', 16, P, 0, 0)\nos.waitpid(P, 0x40000000)\nS('ptrace', 17, P, 0, 0)",
    "seize its parent": "S('ptrace', 0x4206, P, 0, 0)\nS('ptrace', 0x4207, P, 0, 0)\nos.waitpid(P, 0x40000000)\nS('ptrace', 17, P, 0, 0)",
    "let itself be traced": "S('ptrace', 0, 0, 0, 0)",
    "read its parent's memory": "S('process_vm_readv', P, ctypes.create_string_buffer(struct.pack('QQ', ctypes.addressof(KEPT), 8), 16), 1, ctypes.create_string_buffer(struct.pack('QQ', F['address'], 8), 16), 1, 0)",
    "write its parent's memory": "S('process_vm_writev', P, ctypes.create_string_buffer(struct.pack('QQ', ctypes.addressof(KEPT), 8), 16), 1, ctypes.create_string_buffer(struct.pack('QQ', F['address'], 8), 16), 1, 0)",
    "compare with its parent": "S('kcmp', os.getpid(), P, 0, 0, 0)",
    "its parent's environment": "assert open(f'/proc/{P}/environ', 'rb').read()",
    "its parent's memory as a file": "f = open(f'/proc/{P}/mem', 'rb', 0); f.seek(F['address']); assert f.read(8)",
    "its parent's command": "assert open(f'/proc/{P}/cmdline').read()",
    "its parent's open files": "assert os.listdir(f'/proc/{P}/fd')",
    "its own /proc": "assert open('/proc/self/status').read()",
    "its own environment in /proc": "assert open('/proc/self/environ').read()",
    "its own memory as a file": "open('/proc/self/mem', 'rb', 0).close()",
    "all processes": "assert [n for n in os.listdir('/proc') if n.isdigit()]",
    "an interrupt by a timer": "signal.setitimer(signal.ITIMER_REAL, 1000)",
    "a timer of the kernel's": "S('timer_create', 1, None, ctypes.byref(ctypes.c_int()))",
}

KERNEL = {
    "io_uring": "os.close(S('io_uring_setup', 1, ctypes.create_string_buffer(120)))",
    "a key": "S('add_key', path('user'), path('safeload'), buffer(), 4, -3)",
    "its keyring": "S('keyctl', 0, -3, 0)",
    "ask for a key": "S('add_key', path('user'), path('safeload'), buffer(), 4, -3); S('request_key', path('user'), path('safeload'), None, -3)",
    "a program for the kernel": "os.close(S('bpf', 0, ctypes.create_string_buffer(struct.pack('IIII', 2, 4, 4, 1), 128), 72))",
    "performance counters": "os.close(S('perf_event_open', ctypes.create_string_buffer(struct.pack('IIQ', 1, 120, 0), 120), 0, -1, -1, 0))",
    "user faults": "os.close(S('userfaultfd', 1))",
    "a user namespace": "S('unshare', 0x10000000)",
    "a network namespace": "S('unshare', 0x40000000)",
    "a namespace of mounts": "S('unshare', 0x00020000)",
    "join a namespace": "S('setns', os.open('/proc/self/ns/uts', os.O_RDONLY), 0)",
    "another host name": "socket.sethostname(socket.gethostname())",
    "another user": "os.setuid(1)",
    "another group": "os.setgid(1)",
    "privileges": "S('capset', ctypes.create_string_buffer(struct.pack('Ii', 0x20080522, 0)), ctypes.create_string_buffer(24))",
    "be dumpable": "S('prctl', 4, 1, 0, 0, 0)",
    "outlive its parent": "S('prctl', 1, 0, 0, 0, 0)",
    "another filter": """
try: S('prctl', 38, 1, 0, 0, 0)
except OSError: pass
code = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7FFF0000), 8)
S('seccomp', 1, 0, ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 1, ctypes.addressof(code)), 16))""",
    "landlock": "os.close(S('landlock_create_ruleset', ctypes.create_string_buffer(struct.pack('Q', 1)), 8, 0))",
    "memory without a name": "os.close(os.memfd_create('x'))",
    "memory that is run and written": "mmap.mmap(-1, 4096, prot=7)",
    "memory that is run": "m = mmap.mmap(-1, 4096); S('mprotect', ctypes.addressof(ctypes.c_char.from_buffer(m)), 4096, 5)",
    "output that is run": "os.ftruncate(4, 4096); mmap.mmap(4, 4096, prot=5)",
    "memory that is read and run": "S('personality', 0x0400000)",
    "memory protected by keys": "m = mmap.mmap(-1, 4096); S('pkey_mprotect', ctypes.addressof(ctypes.c_char.from_buffer(m)), 4096, 5, -1)",
    "shared memory of System V": "S('shmctl', S('shmget', 0, 4096, 0o600), 0, None)",
    "messages of System V": "S('msgctl', S('msgget', 0, 0o600), 0, None)",
    "semaphores of System V": "S('semctl', S('semget', 0, 1, 0o600), 0, 0, 0)",
    "messages of POSIX": "S('mq_open', path('safeload'), 0o102, 0o600, None); S('mq_unlink', path('safeload'))",
    "lock memory": "S('mlock', ctypes.addressof(KEPT), 8)",
    "raise or lower its limits": "resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))",
    "a priority": "os.nice(1)",
    "a scheduler": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "an order of input and output": "S('ioprio_set', 1, 0, 0x6000)",
    "its processors": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "signals by descriptor": "os.close(S('signalfd4', -1, buffer(8), 8, 0))",
    "events by descriptor": "os.close(os.eventfd(0))",
    "time by descriptor": "os.close(S('timerfd_create', 1, 0))",
    "wait for descriptors": "select.epoll().close()",
    "a pipe": "os.pipe()",
    "duplicate a descriptor": "os.dup(0)",
    "duplicate one onto another": "os.dup2(3, 9)",
    "seal the output itself": "fcntl.fcntl(4, 1033, 2)",
    "write to what is not the output": "os.write(1, b'')",
    "write to what it is told by": "os.write(0, b'x')",
    "the processor's tables": "S('modify_ldt', 0, buffer(), 16)",
    "the processor's registers": "S('arch_prctl', 0x1004, ctypes.byref(ctypes.c_ulong()))",
    "the kernel's words": "S('syslog', 10, None, 0)",
    "the machine's group of processes": "S('setpgid', 0, 0)",
    "a new session": "os.setsid()",
    "pages of its parent": "S('move_pages', P, 0, None, None, None, 0)",
    "advice on its parent's memory": "S('process_madvise', os.pidfd_open(P), ctypes.create_string_buffer(struct.pack('QQ', F['address'] & ~4095, 4096)), 1, 20, 0)",
}

MEMORY = {
    "memory": "libc.malloc.restype = ctypes.c_void_p; assert libc.malloc(ctypes.c_size_t(3 << 30))",
    "memory that is shared": "mmap.mmap(-1, 3 << 30)",
    "a sparse output": "os.ftruncate(4, 1 << 40)",
    "a full output": "x = bytes(1 << 20)\nfor _ in range(64): assert os.write(4, x) == len(x)",
}

TABLE = FILES | NETWORK | PROCESSES | OTHERS | KERNEL | MEMORY

# What cannot be shown to work without a sandbox, and why.
NO_CONTROL = {
    "write to what it is told by": "a pipe's end for reading takes no bytes",
    "copy the file by copy_file_range": "the output lies in memory, and the file in another file system",
    "the kernel's ciphers": "the kernel that this was written on has none for programs",
}
