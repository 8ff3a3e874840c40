"""Imports point one way, and each package from outside has one keeper."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "safeload").rglob("*.py"))
}

# From the ground up: a module imports from its own floor and from those below it, never from above.
FLOORS = (
    ("safeload._inplace", "safeload._standin", "safeload._strain"),  # the C parts
    ("safeload.boot", "safeload.installed"),  # what every interpreter pays for, and where we import from
    ("safeload.digest",),
    ("safeload.scan",),
    ("safeload.allowlists",),
    # What a policy may ask of the process: whether a class of the program's is a plain one.
    ("safeload.classes", "safeload.plain"),
    # How much a child may take, which a policy says.
    ("safeload.sandbox.limits",),
    # What the lock's words are about, which stand higher up.
    ("safeload.kept",),
    ("safeload.rulebook",),
    ("safeload.policy",),
    (
        "safeload.state",
        "safeload.errors",
        "safeload.policy_file",
        "safeload.settings",
        "safeload.keep",
        "safeload.start",
        "safeload.events",
        "safeload.record",
        "safeload.grants",
        "safeload.whence",
        "safeload.named",
    ),
    (
        "safeload.replay",
        "safeload.tape",
        "safeload.tape_in_memory",
        "safeload.loads",
        "safeload.tensors",
        "safeload.sandbox",
        "safeload.pins",
    ),
    # Who judges has to know a channel when it sees one.
    ("safeload.guard", "safeload.doors.channels"),
    ("safeload.doors",),
    ("safeload.health",),
    ("safeload.activation",),
    # Who converts has to know where the cache is, which the settings say.
    ("safeload.files", "safeload.pinning", "safeload.tensors.folders"),
    ("safeload.installing", "safeload.doctor", "safeload.notebook", "safeload.learning", "safeload.naming"),
    ("safeload", "safeload.demo", "safeload.cli", "safeload.__main__", "safeload.startup"),
)

# Package -> the modules, or packages of modules, that may import it.
KEEPERS = {
    "wrapt": {"safeload.doors.wrapping"},
    "structlog": {"safeload.events"},
    "click": {"safeload.cli"},
    "rich": {"safeload.cli", "safeload.demo"},
    "lz4": {"safeload.scan.unpack"},
    "cryptography": {"safeload.pins.keys"},
    "sigstore": {"safeload.pins.keyless"},
    # Only by who reads a torch archive with torch's own reader, and by who shows real loads.
    "torch": {
        "safeload.files",
        "safeload.demo",
        "safeload.tensors.build",
        "safeload.tensors.quantized",
        "safeload.sandbox.loading",
    },
    # What holds tensors where there is no torch.
    "numpy": {"safeload.tensors.build", "safeload.sandbox.loading"},
    "ml_dtypes": {"safeload.tensors.build"},
    "platformdirs": {"safeload.tensors.cache"},
    # What looks at many files lets joblib and its clusters do it, and fsspec open what is elsewhere.
    # And where a child that can do nothing loads with it.
    "joblib": {"safeload.demo", "safeload.cli.many", "safeload.sandbox.loading"},
    "distributed": {"safeload.cli.many"},
    "ray": {"safeload.cli.many"},
    "fsspec": {"safeload.cli.remote"},
}

# Imports that go up, late, and have to: each with the reason.
UPWARD = {
    # The first call through a door brings in the guard, and not the import of pickle.
    ("safeload.doors.arrival", "safeload.activation"),
    # What is said beneath a library's own error takes a second look at the file.
    ("safeload.doors.afterwords", "safeload.files"),
    # What a process that was started anew calls, to be guarded as its parent is.
    ("safeload.doors.for_workers", "safeload.activation"),
    # What the C door calls in an interpreter that has not activated safeload itself.
    ("safeload.doors.subinterpreter", "safeload.activation"),
    # A library that arrives switches safeload on where nobody has.
    ("safeload.boot", "safeload.doors.arrival"),
    # What is written says which version wrote it.
    ("safeload.tensors.convert", "safeload"),
    # `safeload.scan` is the package and the verb.
    ("safeload.scan", "safeload.files"),
}


def imports(path: Path, module: str, *, at_module_level: bool = False) -> Iterator[str]:
    """Every module that a file imports, by its whole name; those for type checkers too."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if at_module_level else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports by dots"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in FILES or whole in FLOORS[0] else str(node.module)


def floor_of(module: str) -> int:
    """The floor a module stands on: by its own name, else by its package's."""
    best = max(
        (
            (len(name), number)
            for number, names in enumerate(FLOORS)
            for name in names
            if module == name or (name != "safeload" and module.startswith(f"{name}."))
        ),
        default=None,
    )
    assert best is not None, f"{module} stands on no floor"
    return best[1]


@pytest.mark.parametrize("module", FILES)
def test_imports_point_down(module: str) -> None:
    up = {
        imported
        for imported in imports(FILES[module], module)
        if imported.partition(".")[0] == "safeload"
        and floor_of(imported) > floor_of(module)
        and (module, imported) not in UPWARD
    }
    assert up == set()


@pytest.mark.parametrize(("module", "imported"), sorted(UPWARD))
def test_no_exception_is_left_over(module: str, imported: str) -> None:
    assert imported in imports(FILES[module], module)


@pytest.mark.parametrize("module", FILES)
def test_packages_from_outside_have_one_keeper(module: str) -> None:
    packages = {name.partition(".")[0] for name in imports(FILES[module], module)}
    outside = packages - sys.stdlib_module_names - {"safeload"}
    houses = {module, module.rpartition(".")[0]}
    assert {name for name in outside if not houses & KEEPERS.get(name, set())} == set()


@pytest.mark.parametrize("module", FILES)
def test_no_module_imports_a_guarded_library_as_it_is_imported(module: str) -> None:
    at_once = {name.partition(".")[0] for name in imports(FILES[module], module, at_module_level=True)}
    assert not at_once & {"torch", "joblib", "numpy", "pandas", "sklearn", "scipy"}


@pytest.mark.parametrize("module", FILES)
def test_only_settings_reads_the_environment(module: str) -> None:
    """A child process inherits the environment: ``os.environ`` unread is no reading of settings.

    What was in it at the start, :mod:`safeload.boot` keeps. A child of the sandbox has one of ours, and sets it.
    """
    reads = {
        node.attr
        for node in ast.walk(ast.parse(FILES[module].read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv")
    }
    assert not reads or module in ("safeload.settings", "safeload.demo", "safeload.sandbox.child")


def test_the_scan_knows_nothing_but_the_standard_library_and_itself() -> None:
    allowed = sys.stdlib_module_names | {"lz4"}
    for module, path in FILES.items():
        if module.startswith("safeload.scan"):
            for name in imports(path, module):
                own = name.startswith("safeload.scan") or name in FLOORS[0] or (module, name) in UPWARD
                assert own or name.partition(".")[0] in allowed, module


@pytest.mark.parametrize("module", FILES)
def test_files_stay_readable(module: str) -> None:
    """Lists are data and may be long."""
    lines = FILES[module].read_text("utf-8").count("\n")
    assert lines <= (1000 if module.startswith("safeload.allowlists.for_") else 350)
