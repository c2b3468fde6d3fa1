"""Any token store: the run goes on with what is configured; nothing that was stored is told, sent wrongly, or lost."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.api.auth.authenticator import MISSING
from tap_gotowebinar.api.auth.token_store import TokenStore
from tests.forkserver import Launcher
from tests.fuzz.conftest import share
from tests.fuzz.strategies import bent
from tests.runs import FAST, Run
from tests.selection import selecting

STORED: Final = "stored-token-1f9c"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "tokens.json"


@pytest.fixture
def start(sandbox: Sandbox, launcher: Launcher, path: Path, tmp_path: Path) -> Callable[..., Run]:
    """Run the tap with the store as it is."""
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps(selecting("organizers")), encoding="utf-8")
    path.parent.mkdir()

    def started(**more: object) -> Run:
        given = {**sandbox.settings, **FAST, "token_path": str(path), **more}
        return launcher.launch(given, "--catalog", str(catalog), hurries=True).finish(30)

    return started


def content(sandbox: Sandbox, **tokens: object) -> dict[str, Any]:
    """Return what a store holds of the configured refresh token, and of somebody else's."""
    settings, now = sandbox.settings, time.time()
    store = TokenStore(None, settings["auth_url"], settings["client_id"])
    ours = store.read(settings["refresh_token"])
    times = {"expires_at": now + 3600, "lifetime": 3600.0, "used_at": now}
    entry = {
        "client": ours.client,
        "seeds": ours.credential_ids,
        "access_token": STORED,
        "refresh_token": STORED,
        **times,
    }
    return {"version": 1, "entries": [{**entry, **tokens}, {**entry, "seeds": ["another"]}]}


def assert_gone_on(done: Run) -> None:
    """With the configured refresh token, which is good."""
    assert (done.exit_code, done.errors) == (0, [])
    assert done.records("organizers")
    assert STORED not in done.stderr
    assert "Traceback" not in done.stderr


def strangers(written: bytes) -> int:
    """How many entries of somebody else a store holds, whatever bytes stand in fields that nobody reads."""
    return [entry["seeds"] for entry in json.loads(written.decode(errors="replace"))["entries"]].count(["another"])


@pytest.mark.slow
def test_any_store_is_gone_on_with_or_set_aside(start: Callable[..., Run], sandbox: Sandbox, path: Path) -> None:
    @share()
    @given(written=bent(content(sandbox)))
    @example(written=json.dumps(content(sandbox)).encode())
    @example(written=json.dumps(content(sandbox, access_token="x\ny")).encode())
    @example(written=json.dumps(content(sandbox, access_token=None, refresh_token="\u00e9")).encode())
    @example(written=json.dumps({**content(sandbox), "version": 2}).encode())
    def check(written: bytes) -> None:
        path.write_bytes(written)
        path.chmod(0o600)
        assert_gone_on(start())
        asides = [*path.parent.glob("*.damaged")]
        for aside in asides:
            assert aside.read_bytes() == written
            aside.unlink()
        if not asides:
            # It was understood, and so nobody's tokens are gone.
            assert strangers(written) == strangers(path.read_bytes())

    check()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _device(path: Path) -> None:
    # Of our own: whoever runs this may own those of the system.
    path.symlink_to(os.ttyname(os.openpty()[1]))


def _endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


ODD: Final[dict[str, Callable[[Path], object]]] = {
    "folder": os.mkdir,
    "fifo": _fifo,
    "loop": _loop,
    "device": _device,
    "endless": _endless,
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", ["tokens.json", "tokens.json.lock", ".tokens.json.new"])
def test_an_odd_file_where_one_of_ours_should_be_hangs_nothing(
    start: Callable[..., Run], path: Path, name: str, kind: str
) -> None:
    odd = path.with_name(name)
    ODD[kind](odd)
    before = os.lstat(odd).st_mode
    done = start()
    if done.exit_code:
        assert done.errors == ["token_path is not a file: let it name a file, which need not be there yet"]
    else:
        assert_gone_on(done)
    assert "Traceback" not in done.stderr
    if name == "tokens.json":
        assert os.lstat(odd).st_mode == before


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("is_configured", [True, False])
def test_an_odd_file_in_the_state_folder_hangs_nothing(
    launcher: Launcher, sandbox: Sandbox, kind: str, *, is_configured: bool
) -> None:
    known = sandbox.settings
    home = launcher.home / f"{kind}-{is_configured}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(home))
        path = TokenStore(None, known["auth_url"], known["client_id"]).path
    path.parent.mkdir(parents=True)
    ODD[kind](path)
    known |= {"token_path": ""} if is_configured else {"token_path": "", "refresh_token": ""}
    done = launcher.launch({**known, **FAST}, hurries=True, environ={"XDG_STATE_HOME": str(home)}).finish(30)
    assert (done.exit_code, done.errors) == ((0, []) if is_configured else (1, [MISSING]))


def test_a_lock_that_nobody_holds_any_more_is_taken(start: Callable[..., Run], path: Path) -> None:
    path.with_name("tokens.json.lock").write_text("12345", encoding="utf-8")
    assert_gone_on(start())
    assert json.loads(path.read_bytes())["entries"]
