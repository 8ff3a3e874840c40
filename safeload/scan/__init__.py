"""Bytes to a report, pure: nothing here imports, calls or builds what a file names.

The package is callable: ``safeload.scan(path)`` is the verb that users know, and Python puts a package
under its own name into its parent as soon as a part of it is imported.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Verb(ModuleType):
    """``safeload.scan`` as the function it is documented to be."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        from safeload.files import scan

        return scan(*args, **options)


sys.modules[__name__].__class__ = _Verb
