"""The inert reading inside the child: nothing of the file runs, and what reads it can do nothing."""

from __future__ import annotations

from safeload.sandbox import emit
from safeload.scan.outline import outline
from safeload.scan.skeleton import read_skeleton


def prepare(_modules: tuple[str, ...]) -> None:
    """Bring in what the readers import late."""
    import bz2  # noqa: F401
    import io
    import lzma  # noqa: F401
    import pickle
    import struct  # noqa: F401
    import zlib  # noqa: F401

    read_skeleton(io.BufferedReader(io.BytesIO(pickle.dumps({"a": [1.0, (2, b"b")]}))))


def load(file: int, output: int) -> None:
    """Read the file, and hand back what is where."""
    from safeload.sandbox.loading import Bytes, opened

    skeleton = read_skeleton(opened(file))
    found = outline(skeleton.value)
    facts = {
        "format": skeleton.format,
        "globals": [[ref.module, ref.qualname, int(use)] for ref, use in skeleton.uses.items()],
        "metadata": dict(skeleton.metadata),
        "notes": dict(skeleton.notes),
    }
    raw = getattr(skeleton.file, "raw", None)
    emit.write(output, found, facts=facts, file=skeleton.file, in_place=isinstance(raw, Bytes))
