"""Programs whose processes send each other pickles, as people write them: standard library only.

Their functions and classes stand in ``__main__``, no list names them, and they have to work.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

from three_forms import MARKER


@dataclass(frozen=True)
class Program:
    """One program; ``needs`` are the libraries it cannot do without."""

    name: str
    source: str
    needs: tuple[str, ...] = ()


def program(name: str, imports: str, functions: str, main: str, *needs: str) -> Program:
    """Put the parts together, with the place where safeload arrives."""
    body = indent(dedent(main).strip(), "    ")
    source = f"{dedent(imports).strip()}\n{MARKER}\n{dedent(functions).strip()}\n\nif __name__ == '__main__':\n{body}\n"
    return Program(name, source, needs)


CLASSES = """
class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __repr__(self):
        return f"Point({self.x}, {self.y})"

class OwnError(Exception):
    def __init__(self, code, text):
        super().__init__(code, text)
        self.code = code

def square(x):
    return x * x

def mirror(point):
    return Point(point.y, point.x)

def fail(x):
    raise OwnError(x, "as told")
"""

POOL = """
with multiprocessing.get_context({method!r}).Pool(2) as pool:
    print(pool.map(square, range(20)))
    print(pool.starmap(Point, [(1, 2), (3, 4)]))
    print(sorted(map(repr, pool.imap_unordered(mirror, [Point(1, 2), Point(3, 4)]))))
    print(pool.apply_async(datetime.date, (2026, 1, 2)).get(60))
    print(pool.map(pickle.loads, [pickle.dumps(v) for v in (1, [2], {{3}}, datetime.date(1, 2, 3))]))
    try:
        pool.map(fail, [7])
    except OwnError as error:
        print("failed", error.args, error.code, type(error.__cause__).__name__)
"""

EXECUTOR = """
context = multiprocessing.get_context({method!r})
with ProcessPoolExecutor(2, mp_context=context, initializer=square, initargs=(2,)) as pool:
    print(list(pool.map(square, range(20), chunksize=3)))
    print(list(pool.map(mirror, [Point(1, 2), Point(3, 4)])))
    future = pool.submit(fail, 9)
    print(type(future.exception()).__name__, future.exception().args, future.exception().code)
    print(type(future.exception().__cause__).__name__)
    print(pool.submit(pickle.loads, pickle.dumps(datetime.date(1, 2, 3))).result())
"""

PIPES = """
context = multiprocessing.get_context({method!r})
questions, answers = context.Queue(), context.SimpleQueue()
here, there = context.Pipe()
work = context.JoinableQueue()
process = context.Process(target=serve, args=(questions, answers, there, work), kwargs={{"extra": Point(0, 0)}})
process.start()
for value in (1, Point(1, 2), square, ValueError("no"), datetime.timedelta(3), {{"k": [Point(5, 6)]}}):
    questions.put(value)
    print(answers.get())
questions.put(None)
here.send([Point(7, 8), b"x" * 100_000])
point, size = here.recv()
print(point, size)
work.put(Point(3, 3)); work.put(mirror); work.join()
first, second = context.Pipe()
first.send(there)  # a connection over a connection
print(type(second.recv()).__name__)
process.join(60)
print(process.exitcode)
"""

SERVE = """
def serve(questions, answers, connection, work, extra):
    while (value := questions.get()) is not None:
        answers.put((repr(value) if not callable(value) else value(4), extra, value))
    point, data = connection.recv()
    connection.send((mirror(point), len(data)))
    for _ in range(2):
        work.get(); work.task_done()
"""

MANAGER = """
with multiprocessing.Manager() as manager:
    shared, items, space = manager.dict(a=1), manager.list([Point(1, 2)]), manager.Namespace()
    queue, event, value = manager.Queue(), manager.Event(), manager.Value("i", 3)
    space.point = Point(9, 9)
    process = multiprocessing.Process(target=fill, args=(shared, items, space, queue, event))
    process.start(); process.join(60)
    print(dict(shared), list(items), space.point, queue.get(timeout=60), event.is_set(), value.value)
    try:
        shared["absent"]
    except KeyError as error:
        print("KeyError", error.args)
    nested = manager.dict(inner=manager.list([1]))
    print(list(nested["inner"]))
with Own() as own:
    print(own.counter(5).up(2))
"""

FILL = """
def fill(shared, items, space, queue, event):
    shared["b"] = Point(3, 4)
    shared.update(c=datetime.date(2026, 1, 1))
    items.append(square)
    space.point = mirror(Point(1, 8))
    queue.put(Point(0, 1))
    event.set()

class Counter:
    def __init__(self, start):
        self.value = start
    def up(self, by):
        self.value += by
        return self.value

class Own(BaseManager):
    pass

Own.register("counter", Counter)
"""

LOGGING = """
records = []
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
handler = logging.handlers.SocketHandler("127.0.0.1", server.server_address[1])
log = logging.getLogger("life"); log.setLevel("DEBUG"); log.addHandler(handler); log.propagate = False
log.info("plain %s %d", "text", 3)
log.warning("when %s", datetime.date(2026, 1, 2), extra={"size": decimal.Decimal("1.5"), "tags": ("a", "b")})
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
handler.close()
done.wait(60)
for record in records:
    print(record.levelname, record.getMessage(), getattr(record, "tags", ""), bool(record.exc_text))
server.shutdown(); server.server_close()
"""

HANDLER = """
done = threading.Event()

class Handler(socketserver.StreamRequestHandler):  # the receiver of the logging cookbook
    def handle(self):
        while len(chunk := self.connection.recv(4)) == 4:
            length = struct.unpack(">L", chunk)[0]
            chunk = self.connection.recv(length)
            while len(chunk) < length:
                chunk += self.connection.recv(length - len(chunk))
            records.append(logging.makeLogRecord(pickle.loads(chunk)))
        done.set()
"""

LISTENER = """
with Listener(("127.0.0.1", 0), authkey=b"key") as listener:
    process = multiprocessing.Process(target=answer, args=(listener.address,))
    process.start()
    with listener.accept() as connection:
        for value in ({"a": [1, 2.5, None]}, (b"x", "y", {3}), datetime.date(1, 2, 3)):
            connection.send(value)
            print(connection.recv())
        connection.send(None)
    process.join(60)
    print(process.exitcode)
"""

ANSWER = """
def answer(address):
    with Client(address, authkey=b"key") as connection:
        while (value := connection.recv()) is not None:
            connection.send(("got", value))
"""

SHELVE = """
with shelve.open("shelf") as shelf:
    shelf["numbers"] = [1, 2.5, 3j, decimal.Decimal("0.1")]
    shelf["when"] = {"date": datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone.utc)}
    shelf["ordered"] = collections.OrderedDict(b=1, a=2)
with shelve.open("shelf", writeback=True) as shelf:
    shelf["numbers"].append(datetime.timedelta(1))
with shelve.open("shelf", "r", protocol=2) as shelf:
    for key in sorted(shelf):
        print(key, shelf[key])
"""

COPIES = """
deep = copy.deepcopy({"p": [Point(1, 2)], "f": square})
print(deep, copy.copy(Point(3, 4)))
print(pickle.loads(pickle.dumps([1, {2: 3}, datetime.date(1, 2, 3)])))
with ThreadPoolExecutor(8) as pool:
    blobs = [pickle.dumps({"n": n, "d": datetime.timedelta(n), "l": list(range(n))}) for n in range(400)]
    print([value["n"] for value in pool.map(pickle.loads, blobs)] == list(range(400)))
    print(list(pool.map(mirror, [Point(1, 2)])))
"""

IMPORTS = """
import datetime, multiprocessing, pickle
from concurrent.futures import ProcessPoolExecutor
"""
METHODS = ("fork", "spawn", "forkserver")

PROGRAMS = [
    *(program(f"Pool {m}", IMPORTS, CLASSES, POOL.format(method=m)) for m in METHODS),
    *(program(f"executor {m}", IMPORTS, CLASSES, EXECUTOR.format(method=m)) for m in METHODS),
    *(program(f"queues {m}", IMPORTS, CLASSES + SERVE, PIPES.format(method=m)) for m in METHODS),
    program(
        "managers",
        "import datetime, multiprocessing\nfrom multiprocessing.managers import BaseManager",
        CLASSES + FILL,
        MANAGER,
    ),
    program(
        "logging over a socket",
        "import datetime, decimal, logging, logging.handlers, pickle, socketserver, struct, threading",
        HANDLER,
        LOGGING,
    ),
    program(
        "plain data over a socket",
        "import datetime, multiprocessing\nfrom multiprocessing.connection import Client, Listener",
        ANSWER,
        LISTENER,
    ),
    program("shelve", "import collections, datetime, decimal, shelve", "", SHELVE),
    program(
        "copies and threads",
        "import copy, datetime, pickle\nfrom concurrent.futures import ThreadPoolExecutor",
        CLASSES,
        COPIES,
    ),
]
