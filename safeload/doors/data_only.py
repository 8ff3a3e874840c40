"""``pickle.load`` of what most likely holds nothing but data: loaded at once, without a look.

Nothing has to be judged before the first name: until then there are numbers, text and containers. The
door of ``find_class`` breaks such a load off at its first name, and it is begun anew with a look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from safeload import grants, guard
from safeload.scan.strain import of_file
from safeload.state import COLLECTION_PAUSED

# How pickles of protocols 4 and 5 begin, and what they have before a name: MEMOIZE, STACK_GLOBAL.
FRAMED: Final = (b"\x80\x04", b"\x80\x05")
NAME: Final = b"\x94\x93"
HEAD: Final = 64 * 1024


def is_likely(file: Any) -> bool:
    """Whether a file is worth a try: it begins like one that names nothing, and can go back.

    A guess about speed, not about safety.
    """
    if not guard.is_regular(file) or guard.must_look_first() or grants.any_trust():
        return False
    start = file.tell()
    head = file.read(HEAD)
    file.seek(start)
    return head[:2] in FRAMED and NAME not in head


def is_likely_in(data: Any) -> bool:
    """The same of bytes in memory."""
    return type(data) is bytes and data[:2] in FRAMED and NAME not in data[:HEAD] and not grants.any_trust()


def loads(original: Callable[[Any], Any], under_way: guard.Load, data: bytes) -> Any:
    """Load what holds nothing but data, or raise as :func:`load` does."""
    pending, under_way.pending = under_way.pending, None
    try:
        with COLLECTION_PAUSED:
            return original(data)
    except Exception:  # noqa: BLE001 - it breaks off: begun anew, it says so in the words that it should
        raise guard.MoreThanData from None
    finally:
        under_way.pending = pending


def load(original: Callable[[Any], Any], file: Any) -> Any:
    """Load what holds nothing but data.

    Raises:
        MoreThanData: it asks for a name, or breaks off. The file is where it was.
    """
    start = file.tell()
    with guard.Load("pickle.load") as under_way, COLLECTION_PAUSED:
        weighed = False
        try:
            if of_file(file, guard.limits()):
                raise guard.MoreThanData  # noqa: TRY301 - the file goes back on every way out
            weighed = True
            found = original(file)
        except BaseException as error:
            file.seek(start)
            if isinstance(error, (Exception, guard.MoreThanData)):
                raise guard.MoreThanData(weighed=weighed) from None
            raise
        under_way.path = guard.path_of(file)
        under_way.sink_of_outermost().size = file.tell() - start
        return found
