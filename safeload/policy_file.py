"""A policy file to a Policy. TOML of a few flat keys; an error names the file, the line and the key."""

from __future__ import annotations

import enum
import math
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from safeload.allowlists import DEFAULT_PROFILES, is_profile, never_reason, profile_names
from safeload.errors import PolicyError
from safeload.policy import Inert, Mode, Policy, Running, Twins
from safeload.sandbox.limits import ChildLimits
from safeload.scan.report import GlobalRef, printable
from safeload.scan.strain import Limits

Word = TypeVar("Word", bound=enum.Enum)

LIMIT: Final = 1 << 20  # bytes: a policy is read by people
PATHS: Final = ("plain", "hashed")

# Key -> what its value has to be, and that in the words of an error.
FILE_KEYS: Final[dict[str, tuple[type, str]]] = {
    "mode": (str, "a text"),
    "profiles": (list, "a list of texts"),
    "allow": (list, "a list of texts"),
    "tensors": (str, "a text"),
    "locked": (bool, "true or false"),
    "contact": (str, "a text"),
    "log": (str, "a text"),
    "paths": (str, "a text"),
    "lock": (str, "a text"),
    "require_pins": (bool, "true or false"),
    "keys": (dict, "a table of texts"),
    "limits": (dict, "a table of numbers"),
    "sandbox": (str, "a text"),
    "inert": (str, "a text"),
    "sandbox_limits": (dict, "a table of numbers"),
}

# Who may own the system's file: root, and who stands for it where the kernel does not map root's number.
SYSTEM_OWNERS: Final = frozenset({0, 65534})
WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says: the policy, where the log goes, and how it names files."""

    policy: Policy
    log: str = "stderr"
    paths: str = "plain"


def read_system_file(path: Path) -> Written:
    """The file that speaks for the whole machine: whoever may write it must be its maintainer.

    Raises:
        PolicyError: it cannot be taken as it stands.
        FileNotFoundError: there is none.
    """
    return _parse(path, text_of_system_file(path))


def text_of_system_file(path: Path) -> str:
    """What a file says that nobody but the machine's maintainer may write; raises as its readers do."""
    text, status = _text(path)
    if hasattr(os, "geteuid"):
        if status.st_uid not in SYSTEM_OWNERS:
            msg = f"{path}: it belongs to user {status.st_uid}, not to root: nobody can say whose policy it is"
            raise PolicyError(msg)
        if status.st_mode & WRITABLE_BY_OTHERS:
            msg = f"{path}: others than its owner may write it ({stat.filemode(status.st_mode)}): chmod go-w"
            raise PolicyError(msg)
    return text


def read_named_file(path: Path) -> Written:
    """A file that the environment names: its user answers for it, as long as not everybody may write it.

    Raises:
        PolicyError: it cannot be taken as it stands.
        FileNotFoundError: there is none.
    """
    return _parse(path, text_of_named_file(path))


def text_of_named_file(path: Path) -> str:
    """What a file says that not everybody may write, or put there; raises as its readers do."""
    text, status = _text(path)
    if not hasattr(os, "geteuid"):
        return text
    if status.st_mode & stat.S_IWOTH:
        msg = f"{path}: everybody may write it ({stat.filemode(status.st_mode)}): chmod o-w"
        raise PolicyError(msg)
    folder = Path(os.path.realpath(path)).parent.stat().st_mode
    is_kept = folder & stat.S_ISVTX and status.st_uid in (os.geteuid(), 0)  # as in /tmp: only its owner replaces it
    if folder & stat.S_IWOTH and not is_kept:
        msg = f"{path}: everybody may write its folder ({stat.filemode(folder)}), and put another there: chmod o-w"
        raise PolicyError(msg)
    return text


def _text(path: Path) -> tuple[str, os.stat_result]:
    """The text of a regular file with its status, both from one descriptor; a pipe is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                msg = f"{path}: it is no regular file"
                raise PolicyError(msg)
            content = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = f"{path}: {error.strerror or error}"
        raise PolicyError(msg) from None
    if len(content) > LIMIT:
        msg = f"{path}: it is larger than {LIMIT} bytes"
        raise PolicyError(msg)
    try:
        return content.decode("utf-8"), status
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        msg = f"{path}, line {line}: it is not UTF-8"
        raise PolicyError(msg) from None


def table_of(path: Path, text: str) -> dict[str, Any]:
    """TOML as values.

    Raises:
        PolicyError: it is none; says the line.
    """
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        said = printable(str(error))
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
        line = at and (at[1] or len(text.splitlines()))
        msg = f"{path}, line {line}: {said[: at.start()]}" if at else f"{path}: {said}"
        raise PolicyError(msg) from None


def _parse(path: Path, text: str) -> Written:
    table = table_of(path, text)
    for key, value in table.items():
        wanted = FILE_KEYS.get(key)
        where = f"{path}, line {line_of(text, key)}"
        if wanted is None:
            msg = f"{where}: there is no key {printable(key)!r}; there are {', '.join(FILE_KEYS)}"
            raise PolicyError(msg)
        kind, words = wanted
        if type(value) is not kind or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
            msg = f"{where}: {key} has to be {words}, not {printable(repr(value))}"
            raise PolicyError(msg)
    return _written(path, text, table)


def limits(table: dict[str, Any], where: str) -> Limits:
    """How much one pickle may ask for."""
    return Limits(**_numbers(table, Limits._fields, where))


def child_limits(table: dict[str, Any], where: str) -> ChildLimits:
    """How much a sandboxed child may take."""
    return ChildLimits(**_numbers(table, ChildLimits._fields, where))


def _numbers(table: dict[str, Any], fields: tuple[str, ...], where: str) -> dict[str, float]:
    wrong = [key for key, value in table.items() if type(value) not in (int, float) or not 0 < value < math.inf]
    if wrong or not table.keys() <= set(fields):
        msg = f"{where} are numbers above zero, for {', '.join(fields)}"
        raise PolicyError(msg)
    return {key: float(value) for key, value in table.items()}


def beside(path: Path, named: str) -> str:
    """A file that a policy names: what is no whole path begins at the policy's own folder."""
    return str(path.absolute().parent / named) if named else ""


def keys(path: Path, table: dict[str, Any], where: str) -> tuple[tuple[str, str], ...]:
    """Public keys whose signatures count, by digest; the file is only where the key lies."""
    wrong = [key for key, value in table.items() if not is_digest(key) or not isinstance(value, str) or not value]
    if wrong:
        msg = f'{where} are digests with the file of each key, as in "sha256:…" = "team.pem"'
        raise PolicyError(msg)
    return tuple(sorted((key, beside(path, value)) for key, value in table.items()))


def is_digest(text: str) -> bool:
    """Whether it is a whole digest as everything here writes one: small letters, all 64 digits."""
    return re.fullmatch(r"sha256:[0-9a-f]{64}", text) is not None


def _written(path: Path, text: str, table: dict[str, Any]) -> Written:
    def where(key: str, item: str = "") -> str:
        return f"{path}, line {line_of(text, key, item)}: {key}"

    policy = Policy(
        mode=choice(Mode, table.get("mode", "enforce"), where("mode")),
        profiles=profiles(table.get("profiles", DEFAULT_PROFILES), lambda item: where("profiles", item)),
        allow=names(table.get("allow", ()), lambda item: where("allow", item)),
        tensors=choice(Twins, table.get("tensors", "prefer"), where("tensors")),
        origin=str(path),
        locked=table.get("locked", False),
        contact=table.get("contact", ""),
        limits=limits(table.get("limits", {}), where("limits")),
        lock=beside(path, table.get("lock", "")),
        require_pins=table.get("require_pins", False),
        sandbox=choice(Running, table.get("sandbox", "never"), where("sandbox")),
        inert=choice(Inert, table.get("inert", "here"), where("inert")),
        sandbox_limits=child_limits(table.get("sandbox_limits", {}), where("sandbox_limits")),
        keys=keys(path, table.get("keys", {}), where("keys")),
    )
    shown = one_of(table.get("paths", "plain"), PATHS, where("paths"))
    return Written(policy, table.get("log", "stderr"), shown)


def line_of(text: str, key: str, item: str = "") -> int:
    """The line where a key stands, or an item of its list: for the reader of an error only."""
    lines = text.splitlines()
    at = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    first = next((number for number, line in enumerate(lines) if at.match(line)), 0)
    found = (number for number, line in enumerate(lines[first:], first) if item and item in line)
    return next(found, first) + 1


# --- values, wherever they come from: ``where`` says it, in the words of an error ------------------


def one_of(value: str, values: Iterable[str], where: str) -> str:
    chosen = value.strip().lower()
    if chosen not in values:
        msg = f"{where} is {' or '.join(values)}, not {printable(repr(value))}"
        raise PolicyError(msg)
    return chosen


def choice(kind: type[Word], value: str, where: str) -> Word:
    """The member of an enum that a word stands for."""
    return kind(one_of(value, [word.value for word in kind], where))


def profiles(items: Iterable[str], where: Any) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item in items:
        if item == "default":
            found |= dict.fromkeys(DEFAULT_PROFILES)
        elif is_profile(item):
            found[item] = None
        else:
            there = ", ".join(profile_names())
            msg = f"{where(item)}: there is no profile {printable(repr(item))}; there are default, {there}"
            raise PolicyError(msg)
    return tuple(found)


def names(items: Iterable[str], where: Any) -> frozenset[GlobalRef]:
    refs = set()
    for item in items:
        try:
            ref = GlobalRef.parse(item)
        except ValueError as error:
            msg = f"{where(item)}: {printable(str(error))}"
            raise PolicyError(msg) from None
        danger = never_reason(ref)
        if danger is not None:
            msg = f"{where(item)}: {ref} can never be allowed by name: it {danger}"
            raise PolicyError(msg)
        refs.add(ref)
    return frozenset(refs)
