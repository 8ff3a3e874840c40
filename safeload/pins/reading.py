"""A lock file to its pins. One wrong line closes all of it; the error names the line, and what to do."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn

from safeload import policy_file
from safeload.allowlists import never_reason
from safeload.errors import PolicyError
from safeload.pins.lock import VERSION, Level, Lock, Pin
from safeload.scan.report import GlobalRef, printable

DIGITS: Final = re.compile(r"[0-9a-f]{64}")
_MARKERS: Final = re.compile(r"(<{7}|\|{7}|>{7})( |$)|={7}$")

# Key -> what its value has to be, and that in the words of an error.
KEYS: Final[dict[str, tuple[type, str]]] = {
    "sha256": (str, "a text"),
    "size": (int, "a number"),
    "grant": (str, "a text"),
    "reason": (str, "a text"),
    "pinned": (date, "a day, as in 2026-01-31"),
    "expires": (date, "a day, as in 2026-01-31"),
    "paths": (list, "a list of texts"),
    "globals": (list, "a list of texts"),
    "source": (str, "a text"),
    "safetensors": (str, "a text"),
    "signed_by": (str, "a text"),
}
NEEDED: Final = ("sha256", "size", "grant", "reason", "pinned")


def parse(path: Path, text: str) -> Lock:
    """The lock that a text holds.

    Raises:
        PolicyError: any of it cannot be taken as it stands.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if _MARKERS.match(line):
            msg = (
                f"{path}, line {number}: a merge was left half done: keep each [[file]] table once, whole, "
                "and take the marked lines away"
            )
            raise PolicyError(msg)
    table = policy_file.table_of(path, text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*file\s*\]\]", line)]
    wrong = next((key for key in table if key not in ("version", "file")), None)
    if wrong is not None:
        msg = f"{path}, line {policy_file.line_of(text, wrong)}: there is no key {printable(wrong)!r} above the files"
        raise PolicyError(msg)
    if type(table.get("version")) is not int or table["version"] != VERSION:
        msg = f"{path}, line {policy_file.line_of(text, 'version')}: it has to say version = {VERSION} first"
        raise PolicyError(msg)
    files = table.get("file", [])
    if not isinstance(files, list) or len(files) != len(lines):
        msg = f"{path}: files are written as [[file]] tables, each at the beginning of a line"
        raise PolicyError(msg)
    return _together(path, [_Table(path, text, line, item).pin() for line, item in zip(lines, files, strict=True)])


def _together(path: Path, pins: list[Pin]) -> Lock:
    """No digest twice, and no path for two: which of them is meant, nobody could say."""
    by_digest: dict[str, Pin] = {}
    by_path: dict[str, Pin] = {}
    for pin in pins:
        before = by_digest.setdefault(pin.sha256, pin)
        if before is not pin:
            msg = f"{path}, line {pin.line}: this digest stands in line {before.line} already: keep one of the two"
            raise PolicyError(msg)
        for named in pin.paths:
            before = by_path.setdefault(named, pin)
            if before is not pin:
                msg = (
                    f"{path}, line {pin.line}: {printable(named)!r} is bound in line {before.line} already: "
                    "a path takes one digest"
                )
                raise PolicyError(msg)
    return Lock(path=str(path), pins=MappingProxyType(by_digest))


class _Table:
    """One ``[[file]]`` table, with the lines it stands in."""

    def __init__(self, path: Path, text: str, line: int, table: Any) -> None:
        self.path, self.line, self.table = path, line, table
        rest = text.splitlines()[line:]
        end = next((n for n, other in enumerate(rest) if re.match(r"\s*\[\[?[^,]*\]\s*(#.*)?$", other)), len(rest))
        self.text = "\n".join(rest[:end])

    def fail(self, key: str, words: str, item: str = "") -> NoReturn:
        inside = policy_file.line_of(self.text, key, item) if key in self.table else 0
        msg = f"{self.path}, line {self.line + inside}: {words}"
        raise PolicyError(msg) from None

    def pin(self) -> Pin:
        table = self.table
        for key, value in table.items():
            if key not in KEYS:
                self.fail(key, f"there is no key {printable(key)!r}; there are {', '.join(KEYS)}")
            kind, words = KEYS[key]
            texts = not isinstance(value, list) or all(isinstance(item, str) for item in value)
            if not isinstance(value, kind) or isinstance(value, bool | datetime) or not texts:
                self.fail(key, f"{key} has to be {words}, not {printable(repr(value))}")
        missing = [key for key in NEEDED if key not in table]
        if missing:
            self.fail("", f"this file has no {' and no '.join(missing)}")
        level = self._level()
        return Pin(
            sha256=self._digest(),
            size=self._size(),
            level=level,
            reason=self._text("reason"),
            pinned=table["pinned"],
            expires=table.get("expires"),
            paths=tuple(self._path(item) for item in table.get("paths", ())),
            globals=tuple(self._ref(item, level) for item in table.get("globals", ())),
            source=table.get("source", ""),
            safetensors=self._other_digest("safetensors", "sha256:"),
            signed_by=self._signer(),
            line=self.line,
        )

    def _digest(self) -> str:
        value: str = self.table["sha256"]
        if not DIGITS.fullmatch(value):
            self.fail("sha256", f"a digest is all 64 digits, in small letters, not {printable(repr(value))}")
        return value

    def _other_digest(self, key: str, prefix: str) -> str:
        value: str = self.table.get(key, "")
        if value and not (value.startswith(prefix) and DIGITS.fullmatch(value, len(prefix))):
            self.fail(key, f"{key} is {prefix} and all 64 digits, not {printable(repr(value))}")
        return value

    def _signer(self) -> str:
        value: str = self.table.get("signed_by", "")
        return value if value.startswith("identity:") else self._other_digest("signed_by", "key:sha256:")

    def _size(self) -> int:
        value: int = self.table["size"]
        if value < 0:
            self.fail("size", "a size is not below zero")
        return value

    def _level(self) -> Level:
        try:
            return Level(self.table["grant"])
        except ValueError:
            words = f"grant is data, names or pickle, not {printable(repr(self.table['grant']))}"
            self.fail("grant", words)

    def _text(self, key: str) -> str:
        value: str = self.table[key]
        if not value.strip():
            self.fail(key, f"{key} is empty: it is what the next person reads")
        return value

    def _path(self, item: str) -> str:
        if not item or "\0" in item:
            self.fail("paths", f"{printable(repr(item))} is no path", item)
        return item

    def _ref(self, item: str, level: Level) -> GlobalRef:
        try:
            ref = GlobalRef.parse(item)
        except ValueError as error:
            self.fail("globals", f"globals: {printable(str(error))}", item)
        danger = never_reason(ref)
        if danger is not None and level is Level.NAMES:
            words = f'{ref} can never be allowed by name: it {danger}. Only grant = "pickle" lets such bytes load'
            self.fail("globals", words, item)
        return ref


def read(path: Path, *, as_the_systems: bool = False) -> Lock:
    """The lock file at a path; whatever is wrong with it, it is a lock that opens nothing and says why."""
    text = ""
    try:
        text = policy_file.text_of_system_file(path) if as_the_systems else policy_file.text_of_named_file(path)
        return parse(path, text)
    except FileNotFoundError:
        return Lock(path=str(path), problem=f"{path}: there is no such lock file")
    except PolicyError as error:
        return Lock(path=str(path), problem=str(error), text=text)
