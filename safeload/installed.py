"""Where the guard's own imports come from: from where packages are installed, never from beside the program.

The guard brings in most of what it needs when it is needed, which is at the first load. Python looks in the
program's own folder first, and whoever gives a model away gives a folder.
"""

import sys
from _thread import get_ident

from safeload.boot import OURS

TYPE_CHECKING = False  # as in boot
if TYPE_CHECKING:
    from typing import Any


class ours:  # noqa: N801 - it reads as what it is: with ours():
    """While it lasts, this thread imports from no folder of the program's."""

    def __enter__(self) -> None:
        OURS[get_ident()] = OURS.get(get_ident(), 0) + 1

    def __exit__(self, *_: object) -> None:
        left = OURS.pop(get_ident()) - 1
        if left:
            OURS[get_ident()] = left


class theirs:  # noqa: N801 - as above
    """While it lasts, imports are the program's again."""

    def __enter__(self) -> None:
        self.depth = OURS.pop(get_ident(), 0)

    def __exit__(self, *_: object) -> None:
        if self.depth:
            OURS[get_ident()] = self.depth


def spec_of(name: str) -> "Any":
    """Where a top-level module is installed; None leaves it to Python's other finders.

    Raises:
        ModuleNotFoundError: only the program's own folder has one of that name.
    """
    import _imp

    finder = sys.modules["_frozen_importlib_external"].PathFinder  # importlib itself may not be here yet
    if name in sys.builtin_module_names or _imp.is_frozen(name):
        return None
    own = own_folders()
    spec = finder.find_spec(name, [entry for entry in sys.path if _real(entry) not in own])
    if spec is None and finder.find_spec(name) is not None:
        msg = f"No module named {name!r} but in the folder of the program"
        raise ModuleNotFoundError(msg, name=name)
    return spec


def folders() -> "list[str]":
    """Where packages are installed, as this process looks for them, without the program's own folders."""
    import os

    own = own_folders()
    return [_real(entry) for entry in sys.path if entry and _real(entry) not in own and os.path.exists(entry)]  # noqa: PTH110 - before pathlib


def own_folders() -> "set[str]":
    """The working directory, and where the program was started from, unless packages are installed there."""
    import os

    found = {_real("")}
    main = sys.modules.get("__main__")
    program, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    if isinstance(program, str):
        folder = os.path.dirname(program)  # noqa: PTH120 - before pathlib
        found.add(_real(folder))
        # `python -m package` looks first in the folder that it was started in, wherever the program goes later.
        for _ in range(getattr(spec, "name", "").count(".")):
            folder = os.path.dirname(folder)  # noqa: PTH120 - the same
        if spec is not None and sys.path and _real(sys.path[0]) == _real(folder):
            found.add(_real(folder))
    found -= {_real(os.path.dirname(os.__file__))}  # noqa: PTH120 - the same
    return {folder for folder in found if not folder.endswith(("site-packages", "dist-packages"))}


def _real(entry: object) -> str:
    import os

    try:
        return os.path.realpath(str(entry) or os.curdir)
    except (OSError, ValueError):  # a working directory that was deleted
        return "?"
