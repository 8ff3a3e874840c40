"""torch.distributed.checkpoint: the `.metadata` file of a sharded checkpoint.

Not in force by default. The file says where each tensor lies; the reader joins those names to the
checkpoint's directory and reads what it finds, so they must stay below it. The shards themselves
hold plain tensors.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists import rules_checkpoints as rule
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "torch-dcp"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        torch.distributed.checkpoint.metadata: BytesStorageMetadata ChunkStorageMetadata Metadata
        torch.distributed.checkpoint.metadata: MetadataIndex StorageMeta TensorStorageMetadata
        """,
        uses="ns",
        reason="names, sizes and offsets in its attributes; no code at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "torch.distributed.checkpoint.metadata: TensorProperties",
        uses="ns",
        reason="an element type, a layout and flags",
        call=no_args,
        state=rule.tensor_properties,
    ),
    **rows(
        PROFILE,
        "torch.distributed.checkpoint.metadata: _MEM_FORMAT_ENCODING",
        uses="c",
        reason="one of three constants",
        call=rule.one_value,
    ),
    **rows(
        PROFILE,
        "torch.distributed.checkpoint.filesystem: _StorageInfo",
        uses="ns",
        reason="names the file that a tensor is read from: one below the checkpoint",
        call=no_args,
        state=rule.storage_info,
    ),
}
