"""Where a listed name's module would be imported from: a list means the library, not a file of that name.

Python looks for modules in the program's own folder first. Who gives a model away gives a folder, and a
``scipy.py`` beside the model is code that a listed name of scipy would run.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from safeload.allowlists import PROFILES
from safeload.installed import own_folders
from safeload.policy import Ground, Refused
from safeload.scan.entry import Rulebook
from safeload.scan.report import GlobalRef


def planted_beside(refs: Iterable[GlobalRef], rulebook: Rulebook) -> tuple[Refused, ...]:
    """The names that a shipped list lets through, and whose module is none of an installed library.

    What the program has imported already is its own choice, as is a name that its user allowed.
    """
    found = []
    folders: dict[str, str] = {}
    for ref in refs:
        top = ref.module.partition(".")[0]
        if top in sys.modules:
            continue
        entry = rulebook.get(ref)
        if entry is None or entry.profile not in PROFILES:
            continue
        if top not in folders:
            folders[top] = _beside(top)
        if folders[top]:
            text = f"would import {top} from {folders[top]}, which is no place of installed packages"
            found.append(Refused(ref, Ground.PLANTED, text))
    return tuple(found)


def _beside(top: str) -> str:
    """The folder of the program's that a top-level module would come from; empty if it is another."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return ""
    if spec is None:
        return ""
    places = [Path(place).parent for place in spec.submodule_search_locations or ()]
    if spec.has_location and spec.origin and not places:
        places = [Path(spec.origin).parent]
    own = own_folders()
    return next((str(place) for place in places if os.path.realpath(place) in own), "")
