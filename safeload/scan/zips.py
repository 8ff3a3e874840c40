"""Zip archives: torch's, TorchScript's, numpy's ``npz``, and pickles that somebody zipped.

Scanners were bypassed with archives that two parsers read differently. So an archive that says one
thing twice, or hides bytes from its directory, is refused; and torch's are read by torch's own
reader as well, where there is one, which has to find the same members with the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import IO, Any, BinaryIO, Final, cast

from safeload.scan.nested import BULK
from safeload.scan.reading import READ_ERRORS, Archive, Reading
from safeload.scan.report import GlobalRef, Report, Use, merge, printable
from safeload.scan.sniff import HEAD, Kind, sniff
from safeload.scan.unpack import CHUNK, FREE, TIMES
from safeload.scan.zip_form import is_as_torch_writes

TORCHSCRIPT: Final = GlobalRef("torch.jit", "TorchScript")
"""Stands for the code that a TorchScript archive holds and torch's C++ interpreter runs."""
PACKAGE: Final = GlobalRef("torch.package", "PackageImporter")
"""Stands for the modules that a torch.package archive holds as source, and its importer runs."""

_STORAGE: Final = re.compile(r"(?:\.?data)/[^/]+", re.ASCII)  # below a torch archive's top folder
_ENCRYPTED: Final = 0x1
# What torch keeps in small members: numbers, and which way round they are. Of the letters that these begin
# with, some are no opcodes, and the others take something that no stack has at the beginning.
_NO_PICKLE: Final = re.compile(rb"[0-9]+\n?|little|big", re.ASCII)


def read_zip(file: io.BufferedReader[Any], reading: Reading) -> Report:
    """Everything the members ask for."""
    size = file.seek(0, io.SEEK_END)
    try:
        with zipfile.ZipFile(cast("BinaryIO", file)) as archive:
            report = _read(archive, file, reading, size)
    except zipfile.BadZipFile as error:
        report = Report(problem=f"a broken or truncated zip archive ({error})", format="zip")
    except READ_ERRORS as error:
        report = Report(problem=f"a zip archive that cannot be read ({error})", format="zip")
    return replace(report, consumed=size)


def _read(
    archive: zipfile.ZipFile, file: io.BufferedReader[Any], reading: Reading, size: int
) -> Report:
    members = [member for member in archive.infolist() if not member.is_dir()]
    reports = [Report(problem=oddity(archive, members, size))]
    root = torch_root(members)
    if root is not None:
        name, found = _read_torch(archive, file, members, root, reading, size)
    elif any(member.filename.endswith("/.data/extern_modules") for member in members):
        name, found = "torch package", [_asks_for(PACKAGE)]
        found += [_member(archive, member, reading) for member in members]
    else:
        found = [_member(archive, member, reading) for member in members]
        name = _format(members, found)
    return merge(reports + found, name)


def oddity(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], size: int) -> str:
    """What makes parsers disagree about an archive; empty where nothing does."""
    names = Counter(member.filename.casefold() for member in members)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice is not None:
        return f"two members of one name, {printable(twice)}: readers differ in which one they take"
    if any(member.orig_filename != member.filename for member in members):
        return "a member's name has a zero byte in it"
    if min((member.header_offset for member in archive.infolist()), default=0):
        return "bytes before the archive that its directory does not list"
    if any(member.flag_bits & _ENCRYPTED for member in members):
        return "encrypted members"
    if sum(member.file_size for member in members) > FREE + TIMES * size:
        return "it unpacks to so much that it is taken for a trap"
    return ""


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, reading: Reading, *, pickle: bool = False
) -> Report:
    """Look into one member; one that is no pickle and holds none asks for nothing."""
    with archive.open(member) as content:
        head = content.read(HEAD)
        kind = sniff(head)
        if kind in (Kind.FOREIGN, Kind.SAFETENSORS) and not pickle:
            return Report()
        first = head + content.read(CHUNK)
        while content.read(CHUNK):
            first = b""  # too long to be kept
        # zipfile has compared the checksum, at the end
    if not pickle and _NO_PICKLE.fullmatch(first):
        return Report()
    if len(first) == member.file_size:
        report = reading.inside(io.BufferedReader(io.BytesIO(first), BULK))
    else:
        with archive.open(member) as content:
            report = reading.inside(_buffered(content))
    announced = pickle or head.startswith(b"\x80") or kind is not Kind.PICKLE
    if announced or report.uses or not report.problem:
        return _named(report, member.filename)
    return Report()


def _asks_for(ref: GlobalRef) -> Report:
    return Report(uses={ref: Use.REFERENCED | Use.CALLED})


def _buffered(content: IO[bytes]) -> io.BufferedReader[Any]:
    return io.BufferedReader(cast("Any", content), BULK)


def _named(report: Report, name: str) -> Report:
    problem = f"{printable(name)}: {report.problem}" if report.problem else ""
    return replace(report, problem=problem)


def _format(members: list[zipfile.ZipInfo], reports: list[Report]) -> str:
    if members and all(member.filename.endswith(".npy") for member in members):
        return "npz"
    return f"{reports[0].format} in zip" if len(reports) == 1 else "zip"


# --- torch --------------------------------------------------------------------------------------


def torch_root(members: list[zipfile.ZipInfo]) -> str | None:
    """The top folder of a torch archive, or None for any other archive."""
    if not members:
        return None
    root, slash, _ = members[0].filename.partition("/")
    named = {member.filename.casefold() for member in members}
    is_torch = any(f"{root}/{name}".casefold() in named for name in ("data.pkl", "constants.pkl"))
    return f"{root}/" if slash and is_torch else None


def _read_torch(  # noqa: PLR0913, PLR0917 - one archive
    archive: zipfile.ZipFile,
    file: io.BufferedReader[Any],
    members: list[zipfile.ZipInfo],
    root: str,
    reading: Reading,
    size: int,
) -> tuple[str, list[Report]]:
    if any(member.filename.casefold() == f"{root}constants.pkl".casefold() for member in members):
        return "TorchScript", [_asks_for(TORCHSCRIPT)]
    reports = []
    pickles = []
    for member in members:
        name = member.filename
        is_pickle = name.casefold().endswith(".pkl")
        if _STORAGE.fullmatch(name.removeprefix(root)) and not is_pickle:
            continue
        told = member if member.CRC else _unchecked(member)
        if is_pickle:
            pickles.append(told)
        reports.append(_member(archive, told, reading, pickle=is_pickle))
    reports.append(Report(problem=_disagreement(archive, file, root, pickles, reading, size)))
    return "torch zip", reports


def _unchecked(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """As torch reads a member without a checksum; ``torch.serialization.set_crc32_options(False)`` writes 0."""
    unchecked: Any = copy(member)
    unchecked.CRC = None  # what zipfile takes for none
    return cast("zipfile.ZipInfo", unchecked)


def _disagreement(  # noqa: PLR0913, PLR0917 - the same
    archive: zipfile.ZipFile,
    file: io.BufferedReader[Any],
    root: str,
    pickles: list[zipfile.ZipInfo],
    reading: Reading,
    size: int,
) -> str:
    """Where torch's own reader finds something else than Python's."""
    if reading.torch_archive is None or (reading.is_far and is_as_torch_writes(file, size)):
        return ""
    file.seek(0)
    try:
        torchs: Archive = reading.torch_archive(cast("BinaryIO", file))
        here = {m.filename.removeprefix(root) for m in archive.infolist() if not m.is_dir()}
        if torchs.names() != here:
            return "torch's reader and Python's do not find the same members"
        for member in pickles:
            if torchs.record(member.filename.removeprefix(root)) != archive.read(member):
                return f"torch's reader and Python's find different bytes in {printable(member.filename)}"
    except RuntimeError as error:
        return f"torch's own reader does not take it ({printable(str(error).splitlines()[0])})"
    return ""


# --- numpy --------------------------------------------------------------------------------------


def read_members(file: io.BufferedReader[Any]) -> Iterator[tuple[str, bytes]]:
    """The arrays of an ``npz``, or the one file that somebody packed, in memory, by name.

    Raises:
        ValueError: it is another archive, or can be read in two ways.
    """
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(cast("BinaryIO", file)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        wrong = oddity(archive, members, size)
        if wrong:
            raise ValueError(wrong)
        if not members or (len(members) > 1 and not all(member.filename.endswith(".npy") for member in members)):
            msg = "a zip archive, and neither torch's nor numpy's"
            raise ValueError(msg)
        for member in members:
            yield member.filename, archive.read(member)
