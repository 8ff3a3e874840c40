"""What the child's interpreter is started with: safeload's parts, and never its front door.

The door would guard the unpicklers, and here the pickle is meant to run. Nothing is imported from the working
directory, from beside a program or from what a .pth file says: Python was started with -I and -S.
"""

import os
import sys
from types import ModuleType


def main() -> None:
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - before pathlib
    package = ModuleType("safeload")
    package.__path__ = [here]
    sys.modules["safeload"] = package
    if sys.argv[1] == "helper":
        from safeload.sandbox import helper

        helper.run(int(sys.argv[2]))
    from safeload.sandbox import child

    child.run([int(number) for number in sys.argv[1:]])


if __name__ == "__main__":
    main()
