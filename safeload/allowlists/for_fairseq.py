"""fairseq: what HuBERT's, wav2vec's and translation checkpoints hold beside tensors.

Not in force by default. Their configuration is an ``argparse.Namespace`` or omegaconf's: put
``omegaconf`` in force for the latter.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "fairseq"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    "fairseq.data.dictionary: Dictionary\nfairseq.meters: AverageMeter StopwatchMeter TimeMeter",
    uses="ns",
    reason="words and counts in its attributes; no code of its own at load",
    call=no_args,
    state=dict_state,
)
