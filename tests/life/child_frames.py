"""How the oracle talks to its two children: a 4-byte length and that many bytes, both ways."""

from __future__ import annotations

import json
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

HERE = Path(__file__).parent
MEMORY = 4 << 30  # bytes of address space: a stream may ask for a memo of billions


def write(stream: BinaryIO, content: bytes) -> None:
    stream.write(struct.pack("<I", len(content)) + content)
    stream.flush()


def read(stream: BinaryIO) -> bytes | None:
    header = stream.read(4)
    return stream.read(struct.unpack("<I", header)[0]) if header else None


def serve(answer: Callable[[bytes], Any]) -> None:
    """A child's life: answer every frame with JSON until there is no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while (content := read(sys.stdin.buffer)) is not None:
        write(sys.stdout.buffer, json.dumps(answer(content)).encode())


class Child:
    """A child process that answers one frame at a time."""

    def __init__(self, script: str, *arguments: str, env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(env),
        )

    def ask(self, content: bytes) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        write(self.process.stdin, content)
        answer = read(self.process.stdout)
        assert answer is not None, f"the child ended ({self.process.wait(10)})"
        return json.loads(answer)

    def close(self) -> None:
        self.process.communicate(timeout=10)
