"""coqui TTS: the configuration objects that XTTS checkpoints hold beside tensors.

Not in force by default. They are data classes whose attributes are set one after the other, unchecked.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "coqui"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    """
    TTS.config.shared_configs: BaseAudioConfig BaseDatasetConfig BaseTrainingConfig
    TTS.tts.configs.shared_configs: BaseTTSConfig CharactersConfig
    TTS.tts.configs.vits_config: VitsConfig
    TTS.tts.configs.xtts_config: XttsConfig
    TTS.tts.models.vits: VitsArgs VitsAudioConfig
    TTS.tts.models.xtts: XttsArgs XttsAudioConfig
    """,
    uses="ns",
    reason="settings in its attributes; no code of its own at load",
    call=no_args,
    state=dict_state,
)
