"""The file in which tokens are kept: who finds what in it, who may read it, and what happens when it is no good."""

import json
import logging
import os
import resource
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tap_gotowebinar.api.auth.private_file import PrivateFile
from tap_gotowebinar.api.auth.token_store import LOGIN_ENTRY, TokenStore
from tap_gotowebinar.api.errors import RetriesExhaustedError

AUTH_URL = "https://auth.example.com"
CREDENTIAL = "token-of-a"
NEVER = threading.Event()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "tokens.json"


@pytest.fixture
def store(path: Path) -> TokenStore:
    return TokenStore(path, AUTH_URL, "our-client")


@pytest.fixture
def unwritable(path: Path) -> Path:
    """A path that cannot be written to, even by root: its folder is a file."""
    path.parent.write_text("a file", encoding="utf-8")
    return path


def keep(store: TokenStore, credential: str, refresh_token: str | None, access: str = "access") -> None:
    """Do what a renewal does."""
    with store.locked(NEVER):
        tokens = store.read(credential)
        tokens.update(access, refresh_token, 3600, time.time() + 3600)
        store.write(credential, tokens)


def content(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_bytes())


def current(store: TokenStore, credential: str) -> str | None:
    return store.read(credential).refresh_token


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Who finds what ------------------------------------------------------------------------------------------------------


def test_what_was_stored_is_found_by_its_credential_only(store: TokenStore) -> None:
    keep(store, "b", "b-2")
    keep(store, CREDENTIAL, "second", "an-access-token")

    assert store.read(CREDENTIAL).access_token == "an-access-token"
    assert (current(store, CREDENTIAL), current(store, "b")) == ("second", "b-2")
    assert store.read("another").access_token is None


def test_clients_and_token_endpoints_live_side_by_side_in_one_file(path: Path, store: TokenStore) -> None:
    other_client = TokenStore(path, AUTH_URL, "other")
    other_url = TokenStore(path, "https://other.example.com", "our-client")
    for number, each in enumerate((store, other_client, other_url)):
        keep(each, CREDENTIAL, f"refresh-{number}")

    assert [current(each, CREDENTIAL) for each in (store, other_client, other_url)] == [
        "refresh-0",
        "refresh-1",
        "refresh-2",
    ]


def test_a_credential_that_is_the_current_token_of_another_goes_on_from_there(store: TokenStore) -> None:
    keep(store, "a", "a-2", "of-a")

    assert store.read("a-2").access_token == "of-a"
    keep(store, "a-2", "a-3")
    assert (current(store, "a"), current(store, "a-2")) == ("a-3", "a-3")


def test_who_configures_nothing_finds_the_last_login(store: TokenStore) -> None:
    keep(store, "a", "a-2")
    assert not store.has_login()
    store.log_in("first", "access-1", 3600)
    store.log_in("second", "access-2", 3600)

    assert store.has_login()
    tokens = store.read(LOGIN_ENTRY)
    assert (tokens.refresh_token, tokens.access_token) == ("second", "access-2")
    assert 3500 < tokens.seconds_left() <= 3540
    assert current(store, "a") == "a-2"


def test_a_login_is_also_found_by_its_own_token_and_by_the_one_whose_place_it_takes(store: TokenStore) -> None:
    keep(store, "used up", "dead")
    store.log_in("fresh", "access", 3600, configured="used up")
    keep(store, LOGIN_ENTRY, "fresh-2")

    assert [current(store, each) for each in ("used up", "fresh", LOGIN_ENTRY)] == ["fresh-2"] * 3


def test_what_nobody_used_for_a_quarter_is_forgotten(path: Path, store: TokenStore) -> None:
    keep(store, "old", "old-2")
    stored = content(path)
    stored["entries"][0]["used_at"] -= 91 * 86400
    path.write_text(json.dumps(stored), encoding="utf-8")

    keep(store, "new", "new-2")

    assert [entry["refresh_token"] for entry in content(path)["entries"]] == ["new-2"]


# What is good --------------------------------------------------------------------------------------------------------


def test_credentials_and_clients_are_not_in_the_file_and_nothing_shows_in_text(path: Path, store: TokenStore) -> None:
    keep(store, CREDENTIAL, None)

    assert CREDENTIAL not in path.read_text(encoding="utf-8")
    assert "our-client" not in path.read_text(encoding="utf-8")
    assert repr(store.read(CREDENTIAL)) == "StoredTokens()"


# The file ------------------------------------------------------------------------------------------------------------


def test_reading_touches_nothing(path: Path, store: TokenStore) -> None:
    assert not store.has_login()
    assert not path.parent.exists()


def test_the_default_is_a_file_of_the_client_in_the_state_folder(state_folder: Path) -> None:
    store, other = TokenStore(None, AUTH_URL, "our-client"), TokenStore(None, AUTH_URL, "other")

    assert store.path.parent == state_folder
    assert store.path != other.path
    assert "our-client" not in store.path.name


def test_what_comes_about_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "three" / "tokens.json"
    before = os.umask(0)
    try:
        keep(TokenStore(path, AUTH_URL, "our-client"), CREDENTIAL, None)
    finally:
        os.umask(before)

    assert {mode(folder) for folder in list(path.parents)[:3]} == {0o700}
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["tokens.json.lock", ".tokens.json.new"])
def test_a_link_that_somebody_has_planted_beside_the_file_leads_nowhere(
    path: Path, store: TokenStore, name: str
) -> None:
    precious = path.parent / "precious"
    path.parent.mkdir()
    precious.write_bytes(b"mine")
    (path.parent / name).symlink_to(precious)

    keep(store, CREDENTIAL, "second")

    assert precious.read_bytes() == b"mine"
    assert current(store, CREDENTIAL) == "second"
    assert not path.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_somebody_else_has_put_there_is_neither_read_nor_left_to_them(
    path: Path, store: TokenStore, caplog: pytest.LogCaptureFixture
) -> None:
    keep(store, CREDENTIAL, "theirs")
    os.chown(path, 1234, 1234)

    assert current(store, CREDENTIAL) is None
    assert caplog.messages == [f"{path} cannot be read (it belongs to another user): what was stored is not used"]
    PrivateFile(path).replace(b"ours")
    assert (path.read_bytes(), path.stat().st_uid) == (b"ours", 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_in_a_folder_of_somebody_else_root_takes_theirs_for_its_own(path: Path, store: TokenStore) -> None:
    keep(store, CREDENTIAL, "second")
    for theirs in (path, path.parent):
        os.chown(theirs, 1234, 1234)

    keep(store, CREDENTIAL, None)

    assert current(store, CREDENTIAL) == "second"
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1234)


def test_a_file_that_others_could_read_is_said_once_and_closed(
    path: Path, store: TokenStore, caplog: pytest.LogCaptureFixture
) -> None:
    keep(store, CREDENTIAL, "second")
    path.chmod(0o644)

    assert [current(store, CREDENTIAL), current(store, CREDENTIAL)] == ["second", "second"]
    assert caplog.messages == [f"others could read {path}: it is for its owner only (mode 0600)"]
    assert mode(path) == 0o600


def test_a_link_stays_a_link_in_the_state_folder_too(tmp_path: Path, state_folder: Path) -> None:
    store = TokenStore(None, AUTH_URL, "our-client")
    state_folder.mkdir(parents=True)
    store.path.symlink_to(tmp_path / "kept.json")

    keep(TokenStore(None, AUTH_URL, "our-client"), CREDENTIAL, "second")

    assert store.path.is_symlink()
    assert content(tmp_path / "kept.json")


def test_what_a_killed_writer_left_is_taken_away(path: Path, store: TokenStore) -> None:
    keep(store, CREDENTIAL, "second")
    half_written = path.with_name(".tokens.json.new")
    half_written.write_text('{"version": 1, "entr', encoding="utf-8")

    with store.locked(NEVER):
        assert not half_written.exists()
    assert current(store, CREDENTIAL) == "second"


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x00\xff",
        b'{"version": 1, "entr',
        b"[]",
        b'{"version": 2, "entries": []}',
        b'{"version": 1, "entries": [{"client": 7}]}',
        b'{"version": 1, "entries": [{"client": "\xff", "seeds": []}]}',
        b'{"version": 1, "entries": [], "more": ' + b"[" * 100_000,
        b'{"version": 1, "entries": [{"client": "", "seeds": [], "access_token": "x\\ny"}]}',
        b'{"version": 1, "entries": [{"client": "", "seeds": [], "refresh_token": "\xc3\xa9"}]}',
    ],
)
def test_a_damaged_file_is_set_aside_and_said(
    damaged: bytes, path: Path, store: TokenStore, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(damaged)
    path.chmod(0o600)

    with caplog.at_level(logging.WARNING, "tap-gotowebinar"):
        keep(store, CREDENTIAL, "second")

    assert current(store, CREDENTIAL) == "second"
    (aside,) = path.parent.glob("tokens.json.*.damaged")
    assert aside.read_bytes() == damaged
    assert caplog.messages == [f"{path} is damaged, or of a newer version: set aside as {aside.name}"]


@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
def test_what_is_no_ordinary_file_is_left_alone(
    kind: str, path: Path, store: TokenStore, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(path, 0o666)
    elif kind == "device":
        path.symlink_to(os.ttyname(os.openpty()[1]))
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)
    before = path.stat().st_mode

    assert store.read(CREDENTIAL).access_token is None

    assert path.stat().st_mode == before
    reason = "it is too large" if kind == "huge" else "it is not an ordinary file"
    assert caplog.messages == [f"{store} cannot be read ({reason}): what was stored is not used"]
    with store.locked(NEVER), pytest.raises(OSError, match=reason):
        store.write(CREDENTIAL, store.read(CREDENTIAL))


def test_a_file_that_is_damaged_while_an_answer_is_on_its_way_keeps_nobody_from_storing_it(
    path: Path, store: TokenStore
) -> None:
    with store.locked(NEVER):
        tokens = store.read(CREDENTIAL)
        tokens.update("access", "second", 3600, time.time() + 3600)
        path.write_text("not JSON", encoding="utf-8")
        store.write(CREDENTIAL, tokens)

    assert current(store, CREDENTIAL) == "second"


def test_a_full_disk_leaves_the_file_as_it_was(path: Path, store: TokenStore) -> None:
    keep(store, CREDENTIAL, "second")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        with store.locked(NEVER), pytest.raises(OSError, match="File too large"):
            store.write(CREDENTIAL, store.read(CREDENTIAL))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert current(store, CREDENTIAL) == "second"
    assert sorted(file.name for file in path.parent.iterdir()) == ["tokens.json", "tokens.json.lock"]


def test_where_nothing_can_be_written_there_is_no_lock_and_nothing_is_stored(
    unwritable: Path, store: TokenStore, caplog: pytest.LogCaptureFixture
) -> None:
    with store.locked(NEVER), pytest.raises(NotADirectoryError):
        store.write(CREDENTIAL, store.read(CREDENTIAL))
    store.read(CREDENTIAL)

    assert caplog.messages == [f"{unwritable} cannot be read (Not a directory): what was stored is not used"]


# The lock ------------------------------------------------------------------------------------------------------------


def test_one_waits_for_the_other(path: Path, store: TokenStore) -> None:
    order = []

    def second() -> None:
        TokenStore(path, AUTH_URL, "our-client").log_in("new", "access", 60)
        order.append("second")

    with store.locked(NEVER):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join()

    assert order == ["first", "second"]


def test_who_waits_too_long_says_what_for(path: Path, store: TokenStore) -> None:
    path.parent.mkdir()

    with FileLock(f"{path}.lock"), pytest.raises(RetriesExhaustedError) as caught, store.locked(NEVER, 0.1):
        pass

    assert str(caught.value) == (
        f"another process has held {path}.lock for 0 seconds: end it, or give this one a token_path of its own"
    )
