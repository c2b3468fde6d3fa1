"""A file of secrets: whose it may be, and who else may change what leads to it."""

import os
import stat
import threading
from pathlib import Path

import pytest

from tap_gotowebinar.api.auth.private_file import PrivateFile

NEVER = threading.Event()


def keep(path: Path, data: bytes) -> None:
    file = PrivateFile(path)
    with file.locked(NEVER):
        file.replace(data)


def test_folders_that_come_about_are_for_their_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "three" / "tokens.json"
    before = os.umask(0)
    try:
        keep(path, b"secret")
    finally:
        os.umask(before)

    assert path.read_bytes() == b"secret"
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(path.parents)[:3]} == {0o700}


@pytest.mark.parametrize("name", ["tokens.json.lock", ".tokens.json.new"])
def test_a_link_that_somebody_has_planted_beside_the_file_leads_nowhere(tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / name).symlink_to(precious)

    keep(tmp_path / "tokens.json", b"secret")

    assert precious.read_bytes() == b"mine"
    assert (tmp_path / "tokens.json").read_bytes() == b"secret"
    assert not (tmp_path / "tokens.json").is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_somebody_else_has_put_there_is_neither_read_nor_left_to_them(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(b"theirs")
    os.chown(path, 1234, 1234)

    with pytest.raises(PermissionError, match="it belongs to another user"):
        PrivateFile(path).read()
    keep(path, b"secret")

    assert path.read_bytes() == b"secret"
    assert path.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_in_a_folder_of_somebody_else_root_takes_theirs_for_its_own(tmp_path: Path) -> None:
    path = tmp_path / "volume" / "tokens.json"
    keep(path, b"first")
    for theirs in (path, path.parent):
        os.chown(theirs, 1234, 1234)

    keep(path, b"second")

    assert PrivateFile(path).read() == b"second"
    assert path.stat().st_uid == 1234
