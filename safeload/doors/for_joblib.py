"""``joblib.load``: announces the load, so that a refusal and its event name the call and the file.

The judgement is made where joblib's unpickler reads (:mod:`safeload.doors.for_pickle`), so
``joblib.numpy_pickle.load``, ``joblib.Memory`` and references taken earlier are covered without this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from safeload import grants, guard
from safeload.doors import afterwords
from safeload.doors.safetensors_content import safetensors_in
from safeload.doors.verified import bytes_of, with_source
from safeload.doors.wrapping import stand_in_front
from safeload.pins import granting
from safeload.state import STATE


def load(
    wrapped: Callable[..., Any], _self: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    source = args[0] if args else options.get("filename")
    if not STATE.active:
        return wrapped(*args, **options)
    with guard.Announcement("joblib.load", source) as announced:
        mapped = args[1] if len(args) > 1 else options.get("mmap_mode")
        if not grants.any_trust() or announced.trusted:
            return _load(wrapped, announced, source, args, options)
        if mapped not in (None, "r", "c"):
            # Its user wants to write into the file: no copy of it will do.
            guard.admit(announced, granting.of_what_is_no_file(announced.path))
            return _load(wrapped, announced, source, args, options)
        # By a name: files of old joblib are only read so.
        with bytes_of(announced, source, by_name=True) as verified:
            return _load(wrapped, announced, verified, *with_source(args, options, "filename", verified))


def _load(
    wrapped: Callable[..., Any],
    announced: guard.Announcement,
    source: Any,
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    found = safetensors_in(source)
    if found is not None:
        return found
    try:
        return wrapped(*args, **options)
    except Exception as error:
        afterwords.beneath_joblibs(error, announced)
        raise


def install() -> None:
    """Wrap ``load`` where joblib defines it, before the package takes hold of it."""
    numpy_pickle = sys.modules["joblib.numpy_pickle"]
    places = [(numpy_pickle, "load")]
    package = sys.modules.get("joblib")
    if package is not None:
        places.append((package, "load"))
    stand_in_front(places, load)
    STATE.doors["joblib"] = "wrapped"
