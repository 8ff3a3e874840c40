"""What libraries read only when they are used, read before the lock: no file can be opened after it."""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from typing import Any


def prepare(modules: tuple[str, ...]) -> None:
    """For what a file names."""
    tops = {name.partition(".")[0] for name in modules}
    if "zoneinfo" in tops:
        _zones()
    if "pytz" in tops:
        _zones_of_pytz()


def _zones() -> None:
    """All time zones of the machine, in memory; the same functions give them then."""
    import zoneinfo

    found: dict[str, bytes] = {}
    for key in zoneinfo.available_timezones():
        with contextlib.suppress(Exception):
            found[key] = _content(key)

    def load(key: str) -> io.BytesIO:
        if key not in found:
            msg = f"No time zone found with key {key}"
            raise zoneinfo.ZoneInfoNotFoundError(msg)
        return io.BytesIO(found[key])

    _part("_common").load_tzdata = load
    zoneinfo.reset_tzpath(to=())


def _content(key: str) -> bytes:
    path = _part("_tzpath").find_tzfile(key)
    opened: Any = open(path, "rb") if path else _part("_common").load_tzdata(key)  # noqa: PTH123, SIM115 - closed below
    with opened as file:
        return bytes(file.read())


def _part(name: str) -> Any:
    """A module of zoneinfo's own."""
    return importlib.import_module(f"zoneinfo.{name}")


def _zones_of_pytz() -> None:
    pytz: Any = sys.modules.get("pytz")
    for name in getattr(pytz, "all_timezones", ()):
        with contextlib.suppress(Exception):
            pytz.timezone(name)
