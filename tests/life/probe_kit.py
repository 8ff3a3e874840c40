"""How a file of probes tells what it finds: one value for each probe, as JSON.

A probe is a function without arguments; its result is told by ``repr``. The same file, run without
safeload and with it, has to tell the same of every probe.
"""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

Probe = Callable[[], Any]
FAILED = "the probe itself failed: "


class Probes(dict[str, Probe]):
    """The probes of one file, by name; a decorator that adds one."""

    def __call__(self, probe: Probe) -> Probe:
        self[probe.__name__] = probe
        return probe

    def tell(self) -> None:
        """Run them all and print what they found."""
        print(json.dumps({name: told(probe) for name, probe in self.items()}))


def told(probe: Probe) -> str:
    try:
        value = probe()
    except BaseException:  # noqa: BLE001 - told, and failed by the test
        return FAILED + traceback.format_exc()
    return re.sub(r"0x[0-9a-f]+", "0x…", repr(value)).replace(os.getcwd(), ".")


def error_of(call: Callable[..., Any], *args: Any, **options: Any) -> str:
    """The type and the text of what a call raises, with those of its causes."""
    try:
        value = call(*args, **options)
    except BaseException as error:  # noqa: BLE001 - what it raises is the result
        return " < ".join(f"{type(e).__name__}: {e}" for e in chain(error))
    return f"no error: {value!r}"


def chain(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def frames_of(error: BaseException) -> list[str]:
    """The functions of a traceback, outermost first, without those of safeload."""
    return [
        frame.f_code.co_name
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith("safeload")
    ]


def ours(thing: Any) -> bool:
    """Whether safeload brought it in: the one difference that is allowed to show."""
    return getattr(thing, "__module__", "").startswith("safeload")


def guarded() -> bool:
    return "safeload" in sys.modules
