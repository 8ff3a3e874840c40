"""The roll-out page, followed to the letter on this machine, and then used: by a browser and otherwise.

    python compat/rollout/prove.py [--python PY] [--work FOLDER] [PYTEST ARGUMENT ...]

Runs every command of docs/howto/roll-out-on-a-shared-server.md, then in what they made
``test_on_a_real_server.py`` and, with more packages in it, ``test_on_a_hub.py`` (JupyterHub) and
``test_on_other_pages.py`` (the classic notebook, VS Code); without pytest's arguments it writes RESULTS.md.
Needs root on Linux, Debian's ``chromium`` and ``npm``, a Python that other users can run (``/usr/bin/python3``),
package indexes, and for VS Code node with its headers and a C++ compiler. /opt and /var/log are left alone: their
paths are exchanged for ones below FOLDER; and /etc/safeload and the accounts of two users are mounts that no other
process sees. Takes ten minutes on two cores, half of it pip and npm.
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

import results

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
PAGE: Final = ROOT / "docs" / "howto" / "roll-out-on-a-shared-server.md"
POLICY: Final = Path("/etc/safeload")
TOOLS: Final = ("pytest", "playwright", "nbclient", "nbformat", "numpy", "jupyterhub", "nbclassic")
USERS: Final = {"ada": 20001, "grace": 20002}
PROXY: Final = "configurable-http-proxy"  # what JupyterHub sends its users through
CODE_SERVER: Final = "code-server@4.100"  # VS Code as a server; the last of them for node 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    options, rest = parser.parse_known_args()
    if os.geteuid() != 0:
        sys.exit("It has to write as root what users then cannot change.")
    if not Path(options.chromium).exists() or not shutil.which("npm"):
        sys.exit("There is no chromium or no npm: apt-get install chromium npm")
    if "SAFELOAD_PROOF" not in os.environ:  # once more, with mounts of our own
        return _apart()
    del os.environ["SAFELOAD_PROOF"]
    work = options.work or Path(tempfile.mkdtemp(prefix="safeload-proof-"))
    work.mkdir(parents=True, exist_ok=True)
    work.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", POLICY], check=True)
    _make_accounts(work)
    for command in commands(work, options.python):
        print(f"+ {command}", flush=True)
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=ROOT, check=True)
    python = work / "jupyter" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *TOOLS], check=True)
    subprocess.run(["npm", "install", "--silent", "--prefix", work / "proxy", PROXY], check=True)
    environment = os.environ | {
        "PROOF_WORK": str(work),
        "PROOF_CHROMIUM": options.chromium,
        "PROOF_USERS": ",".join(USERS),
        "PROOF_PROXY": str(work / "proxy" / "node_modules" / ".bin" / PROXY),
        "PROOF_CODE_SERVER": _code_server(work / "vscode"),
    }
    pytest = [python, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", HERE, "-c", os.devnull, "-v"]
    told = f"--junitxml={work / 'results.xml'}"
    ended = subprocess.run([*pytest, HERE, told, *rest], env=environment, cwd=work, check=False).returncode
    if not rest:
        (HERE / "RESULTS.md").write_text(results.page(work, python), "utf-8")
    return ended


def _code_server(place: Path) -> str:
    """Where VS Code is; empty if it cannot be built here. What its own script would fetch elsewhere is left out."""
    package = place / "node_modules" / "code-server"
    node = Path(shutil.which("node") or "/usr/bin/node").resolve()
    environment = os.environ | {"npm_config_nodedir": str(node.parents[1])}
    steps = (
        ("npm", "install", "--silent", "--ignore-scripts", "--prefix", place, CODE_SERVER),
        ("npm", "rebuild", "--prefix", place, "argon2"),
        ("npm", "install", "--silent", "--ignore-scripts", "--omit=dev", "--prefix", package / "lib" / "vscode"),
        ("npm", "rebuild", "--prefix", package / "lib" / "vscode", "@vscode/spdlog", "native-watchdog"),
    )
    for step in steps:
        if subprocess.run(step, env=environment, check=False).returncode:
            print(f"VS Code is left out: {step} failed", flush=True)
            return ""
    return str(package)


def _apart() -> int:
    """Run again where a mount is seen by no other process; what is left behind is nothing."""
    was_there = POLICY.exists()
    POLICY.mkdir(exist_ok=True)
    command = ["unshare", "--mount", sys.executable, *sys.argv]
    done = subprocess.run(command, env=os.environ | {"SAFELOAD_PROOF": "1"}, check=False)
    if not was_there:
        POLICY.rmdir()
    return done.returncode


def _make_accounts(work: Path) -> None:
    """Let the processes of this proof, and no others, know two more users of this machine."""
    for file, line in (("passwd", "{name}:x:{id}:{id}::{home}:/bin/sh"), ("group", "{name}:x:{id}:")):
        more = [line.format(name=name, id=number, home=work / "home" / name) for name, number in USERS.items()]
        (work / file).write_text(Path("/etc", file).read_text("utf-8") + "\n".join(more) + "\n", "utf-8")
        subprocess.run(["mount", "--bind", work / file, f"/etc/{file}"], check=True)
    (work / "home").mkdir(exist_ok=True)


def commands(work: Path, python: str) -> list[str]:
    """The page's commands, with the places of this proof."""
    found = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    places = {"/opt/jupyter": f"{work}/jupyter", "/var/log/": f"{work}/", "python3 ": f"{python} "}
    for there, here in places.items():
        found = [command.replace(there, here) for command in found]
    return found


if __name__ == "__main__":
    sys.exit(main())
