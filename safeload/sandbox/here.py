"""Whether a child can be had on this machine: the cheap answer, and the one that tries."""

from __future__ import annotations

import os
import pickle
import sys

from safeload.errors import SandboxError
from safeload.sandbox import parent
from safeload.sandbox.limits import CHILD_LIMITS


def why_not() -> str:
    """Why no child can be had here, as far as it is known without trying; empty if nothing speaks against it."""
    if sys.platform != "linux":
        return f"it needs Linux, and this is {sys.platform}"
    from safeload.sandbox import filters

    if filters.machine() is None:
        import platform

        return f"there is no table of system calls for {platform.machine()}"
    if not hasattr(os, "memfd_create"):
        return "this Python cannot make a file without a name (memfd_create)"
    if not sys.executable:
        return "no interpreter can be started from here"
    return ""


def need() -> None:
    """Go on only where a child may be had.

    Raises:
        SandboxError: none can be had here; says why.
    """
    problem = why_not()
    if problem:
        msg = f"no code of a file can run here: {problem}"
        raise SandboxError(msg)


def tried() -> parent.Ended:
    """A child that reads a number.

    Raises:
        SandboxError: none can be had here; says why.
    """
    problem = why_not()
    if problem:
        raise SandboxError(problem)
    file = os.memfd_create("safeload", os.MFD_CLOEXEC)
    try:
        os.write(file, pickle.dumps(1))
        ended = parent.run(file, "pickle", (), CHILD_LIMITS)
    except OSError as error:
        raise SandboxError(str(error)) from None
    finally:
        os.close(file)
    parent.closed(ended)
    if ended.problem:
        raise SandboxError(ended.problem)
    return ended
