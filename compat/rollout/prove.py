"""The roll-out page, followed to the letter on this machine, and then used: by a browser and otherwise.

    python compat/rollout/prove.py [--python PY] [--work FOLDER] [PYTEST ARGUMENT ...]

Runs every command of docs/howto/roll-out-on-a-shared-server.md, then ``test_on_a_real_server.py`` in what they
made. Needs root on Linux, Debian's ``chromium``, a Python that other users can run (``/usr/bin/python3``), and a
package index. /opt and /var/log are left alone: their paths are exchanged for ones below FOLDER; and
/etc/safeload is a mount that no other process sees. Takes five minutes on two cores, half of it pip.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "howto" / "roll-out-on-a-shared-server.md"
POLICY: Final = Path("/etc/safeload")
TOOLS: Final = ("pytest", "playwright", "nbclient", "nbformat", "numpy")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    options, rest = parser.parse_known_args()
    if os.geteuid() != 0:
        sys.exit("It has to write as root what users then cannot change.")
    if not Path(options.chromium).exists():
        sys.exit("There is no chromium: apt-get install chromium")
    if "SAFELOAD_PROOF" not in os.environ:  # once more, with mounts of our own
        return _apart()
    del os.environ["SAFELOAD_PROOF"]
    work = options.work or Path(tempfile.mkdtemp(prefix="safeload-proof-"))
    work.mkdir(parents=True, exist_ok=True)
    work.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", POLICY], check=True)
    for command in commands(work, options.python):
        print(f"+ {command}", flush=True)
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=ROOT, check=True)
    python = work / "jupyter" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *TOOLS], check=True)
    environment = os.environ | {"PROOF_WORK": str(work), "PROOF_CHROMIUM": options.chromium}
    test = Path(__file__).with_name("test_on_a_real_server.py")
    pytest = [python, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", test.parent, "-c", os.devnull, "-v"]
    return subprocess.run([*pytest, test, *rest], env=environment, cwd=work, check=False).returncode


def _apart() -> int:
    """Run again where a mount is seen by no other process; what is left behind is nothing."""
    was_there = POLICY.exists()
    POLICY.mkdir(exist_ok=True)
    command = ["unshare", "--mount", sys.executable, *sys.argv]
    done = subprocess.run(command, env=os.environ | {"SAFELOAD_PROOF": "1"}, check=False)
    if not was_there:
        POLICY.rmdir()
    return done.returncode


def commands(work: Path, python: str) -> list[str]:
    """The page's commands, with the places of this proof."""
    found = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    places = {"/opt/jupyter": f"{work}/jupyter", "/var/log/": f"{work}/", "python3 ": f"{python} "}
    for there, here in places.items():
        found = [command.replace(there, here) for command in found]
    return found


if __name__ == "__main__":
    sys.exit(main())
