"""Finalizers and handlers of signals that load, at the very lines at which a load begins and ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

# multiprocessing's proxies do: the finalizer of one asks its manager, and reads what that answers.
PROGRAM = """
import gc, pickle, sys
import safeload, safeload.state
from collections import OrderedDict

DATA = pickle.dumps(OrderedDict(a=list(range(3000))))
pickle.loads(DATA)
seen = []

class Around:  # stands for gc in the guard, and loads where it is asked
    def __getattr__(self, name):
        def asked():
            if name == NAME and len(seen) < 3:
                seen.append(name)
                assert pickle.loads(DATA)["a"][-1] == 2999
            return getattr(gc, name)()
        return asked

NAME = sys.argv[1]
safeload.state.gc = Around()
pickle.loads(DATA)
assert seen
assert gc.isenabled() and safeload.state.COLLECTION_PAUSED._depth == 0
"""


@pytest.mark.parametrize("line", ["isenabled", "disable", "enable"])
def test_a_load_goes_on_in_which_another_is_made(line: str) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM, line], check=True, timeout=60)


def test_a_proxy_that_is_collected_while_a_load_begins_is_given_back() -> None:
    program = """
import gc, multiprocessing, pickle, safeload, safeload.state
from collections import OrderedDict

if __name__ == "__main__":
    data = pickle.dumps(OrderedDict(a=list(range(3000))))
    with multiprocessing.get_context("fork").Manager() as manager:
        for collects in ("isenabled", "disable"):
            around = [manager.list()]
            around.append(around)
            del around  # garbage from now on
            class Collecting:
                def __getattr__(self, name):
                    if name == collects:
                        gc.collect()
                    return getattr(gc, name)
            safeload.state.gc = Collecting()
            pickle.loads(data)
            safeload.state.gc = gc
            assert not manager._number_of_objects(), manager._debug_info()
    print("over")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "over\n", done.stderr
