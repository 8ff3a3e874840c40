"""What the safetensors file beside a pickle is called, by the rules of the libraries that write both."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

SUFFIX: Final = ".safetensors"
PICKLES: Final = frozenset({".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib"})
# transformers, accelerate and sentence-transformers write the first, open_clip the second. diffusers'
# diffusion_pytorch_model and PEFT's adapter_model keep their names, as does everything else.
RENAMED: Final = {"pytorch_model": "model", "open_clip_pytorch_model": "open_clip_model"}
# A variant or the number of a shard stands behind the name: pytorch_model.fp16, pytorch_model-00001-of-00002.
_STEM: Final = re.compile(r"(pytorch_model|open_clip_pytorch_model)((?:[.-].*)?)", re.DOTALL)
INDEX: Final = ".index.json"
MAX_INDEX: Final = 64 << 20


def safetensors_name(name: str) -> str:
    """The name of the safetensors file for a pickle's: ``pytorch_model.fp16.bin`` has ``model.fp16.safetensors``."""
    return stem_of(name) + SUFFIX


def stem_of(name: str) -> str:
    """The name without its ending, as the safetensors file has it."""
    path = Path(name)
    stem = path.stem if path.suffix.lower() in PICKLES else name
    match = _STEM.fullmatch(stem)
    return RENAMED[match[1]] + match[2] if match else stem


_SHARD: Final = re.compile(r"(.*)-\d{5}-of-\d{5}", re.DOTALL)


def index_name(shard: str) -> str | None:
    """The index of the safetensors shards that stand beside a pickled shard; None if it is no shard."""
    match = _SHARD.fullmatch(stem_of(shard))
    return f"{match[1]}{SUFFIX}{INDEX}" if match else None


def read_index(path: Path) -> dict[str, Any]:
    """An index, once every shard that it names is a plain name in its own folder.

    Raises:
        ValueError: it is none.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        text = file.read(MAX_INDEX + 1)
    found: Any = json.loads(text) if len(text) <= MAX_INDEX else None
    shards = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
        msg = f"{path.name} is no index of shards"
        raise ValueError(msg)
    for name in set(shards.values()):
        if name != Path(name).name or name in ("", ".", ".."):
            msg = f"{path.name} names a shard outside its folder: {name!r}"
            raise ValueError(msg)
    checked: dict[str, Any] = found
    return checked
