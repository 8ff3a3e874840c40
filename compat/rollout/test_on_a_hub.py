"""On a JupyterHub made by the roll-out page: two users' kernels, one policy, one log.

Started by ``prove.py``, which lets this machine know the two for as long as it runs. The hub is root's, as it is
where users are accounts of the machine; each user's server and kernels are processes of that user.
"""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import (
    GOOD,
    HOSTILE,
    LOG,
    PYTHON,
    REFUSED,
    WORK,
    Notebook,
    browsing,
    fill,
    free_port,
    give,
    lines_in_the_log,
    log_since,
    serving,
)
from playwright.sync_api import Page

USERS = os.environ["PROOF_USERS"].split(",")
PLAIN, LOOSE = USERS
CHILD = f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {HOSTILE!r}], capture_output=True, text=True).stderr[-1500:])"

# What each of the two does. The second has a kernel, a start-up file and a sitecustomize of their own.
CELLS = {
    PLAIN: {"good": GOOD, "hostile": HOSTILE, "child": CHILD, "extension": "%load_ext safeload"},
    LOOSE: {"good": GOOD, "env": "%env SAFELOAD_MODE=audit", "hostile": HOSTILE, "child": CHILD, "extension": "%load_ext safeload"},
}
KERNELS = {PLAIN: "python3", LOOSE: "mine"}
OWN = {"SAFELOAD_MODE": "off", "SAFELOAD_LOG": "off", "SAFELOAD_LOCKED": "0", "SAFELOAD_POLICY": "own.toml"}
DEACTIVATE = "import safeload\ntry: safeload.deactivate()\nexcept ValueError: pass\n"

CONFIG = """
c.JupyterHub.bind_url = {bind!r}
c.JupyterHub.hub_port = {hub}
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = {secret!r}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = {api!r}
c.ConfigurableHTTPProxy.pid_file = {pid!r}
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "proof"
c.Authenticator.allowed_users = {users!r}
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.LocalProcessSpawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 150
"""


def home_of(user: str) -> Path:
    return Path(pwd.getpwnam(user).pw_dir)


def uid_of(user: str) -> int:
    return pwd.getpwnam(user).pw_uid


@pytest.fixture(scope="module", autouse=True)
def homes() -> Iterator[None]:
    """Each user's folder; the second user's is full of what would switch the guard off, if it counted."""
    canaries = [fill(home_of(user), uid_of(user)) for user in USERS]
    home, uid = home_of(LOOSE), uid_of(LOOSE)
    spec = {"argv": [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "mine", "language": "python"}
    files = {
        "own.toml": 'mode = "off"\n',
        "own/sitecustomize.py": DEACTIVATE,
        ".ipython/profile_default/startup/00-off.py": DEACTIVATE,
        ".local/share/jupyter/kernels/mine/kernel.json": json.dumps(spec | {"env": OWN | {"PYTHONPATH": str(home / "own")}}),
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    give(uid, *(path for name in files for path in ((home / name), *(home / name).parents) if home in path.parents))
    for user in USERS:
        Notebook(CELLS[user], KERNELS[user]).write(home_of(user) / "work.ipynb", uid_of(user))
    yield
    assert not any(canary.exists() for canary in canaries)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("hub"), free_port()
    address = f"http://127.0.0.1:{port}"
    said = CONFIG.format(
        bind=address, hub=free_port(), secret=os.urandom(32), proxy=os.environ["PROOF_PROXY"], python=str(PYTHON),
        api=f"http://127.0.0.1:{free_port()}", pid=str(folder / "proxy.pid"), users=set(USERS),
    )  # fmt: skip
    (folder / "config.py").write_text(said)
    command = [PYTHON, "-m", "jupyterhub", "-f", folder / "config.py"]
    environment = os.environ | {"PATH": f"{PYTHON.parent}:{os.environ['PATH']}"}
    with serving(command, f"{address}/hub/api", WORK / "hub.log", cwd=folder, env=environment):
        yield address


def log_in(page: Page, hub: str, user: str) -> None:
    page.goto(f"{hub}/hub/login?next=/hub/user-redirect/lab/tree/work.ipynb")
    page.fill("#username_input", user)
    page.fill("#password_input", "proof")
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{user}/lab/tree/work.ipynb*")


def test_two_users_one_policy_one_log(hub: str) -> None:
    start = lines_in_the_log()
    outputs = {}
    for user in USERS:
        notebook = Notebook(CELLS[user], KERNELS[user])
        with browsing(WORK / f"hub-{user}.png") as page:
            log_in(page, hub, user)
            notebook.run(page, f"{hub}/user/{user}/api/kernels")
            outputs[user] = notebook.shown(page)
    (WORK / "hub.json").write_text(json.dumps(outputs, indent=1))
    for user, shown in outputs.items():
        assert shown["good"].strip() == "OrderedDict", user
        assert shown["hostile"].strip().startswith(REFUSED), user
        assert "Send this message to ml-platform@example.org." in shown["hostile"]
        assert "Traceback" not in shown["hostile"]
        assert REFUSED.partition(":")[2] in shown["child"]
        assert "safeload is on: enforce, locked, policy /etc/safeload/policy.toml." in shown["extension"]
    events = log_since(start)
    for user in USERS:
        own = [event for event in events if event["uid"] == uid_of(user)]
        blocked = [event for event in own if event["event"] == "safeload.load.blocked"]
        assert [(event["path"], event["never"]) for event in blocked] == [("evil.joblib", ["os:mkdir"])] * 2, user
        assert {event["policy"] for event in own} == {"/etc/safeload/policy.toml"}
        attempts = {event["attempt"].split("(")[0] for event in own if event["event"] == "safeload.policy.defended"}
        assert attempts == (TOLD if user == LOOSE else set())
    assert LOG.stat().st_uid == 0


TOLD = {
    *(f"{name} in the environment" for name in OWN),
    "SAFELOAD_MODE changed in the environment after the start",
    "safeload.deactivate",
}
