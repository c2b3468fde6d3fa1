"""A file with secrets that several processes read and replace: for its owner only, and whole at any moment."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import time
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from tap_gotowebinar.api.errors import RetriesExhaustedError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import BaseFileLock

logger = logging.getLogger("tap-gotowebinar.tokens")

PATIENCE: Final = 300.0
"""Seconds to wait for a lock: who holds it may be told by GoTo to pause that long."""

MAX_SIZE: Final = 16 * 1024 * 1024
"""Bytes of a file: thousands of times what is needed."""

LOOK_AGAIN: Final = 0.05
"""Seconds between two attempts to get a lock."""


class PrivateFile:
    """A file and the lock beside it.

    Args:
        path: The file itself, not a link to it.
    """

    def __init__(self, path: Path) -> None:
        """Touch nothing yet."""
        self._path = path
        self._has_warned = False

    @override
    def __str__(self) -> str:
        """Return where it is."""
        return str(self._path)

    def read(self) -> bytes:
        """Return what it holds.

        Raises:
            OSError: it is not there, not to be read, no file, too large, or somebody else's.
        """
        with open(self._path, "rb", opener=_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "it is not an ordinary file")
            if status.st_size > MAX_SIZE:
                raise OSError(0, "it is too large")
            self._keep_private(file.fileno(), status)
            return file.read(MAX_SIZE)

    @contextlib.contextmanager
    def locked(self, stop: threading.Event, patience: float = PATIENCE) -> Iterator[None]:
        """Keep others who lock out of the enclosed block; where no lock can be had there is none.

        Args:
            stop: Set when nobody waits any more.
            patience: Seconds to wait for the lock.

        Raises:
            RetriesExhaustedError: another process holds the lock.
        """
        with contextlib.ExitStack() as stack:
            try:
                lock = self._lock(stop, patience)
            except OSError:
                # Not to be written to: a file that nobody changes needs no lock.
                pass
            else:
                stack.callback(lock.release)
                with contextlib.suppress(OSError):
                    # Of a process that was killed.
                    self._half_written.unlink(missing_ok=True)
            yield

    def replace(self, data: bytes) -> None:
        """Replace the file: after a crash it is the old one or the new one. Only under the lock.

        Raises:
            OSError: it stays as it was.
        """
        new = self._half_written
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                self._keep_owner(descriptor)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            new.replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise
        _sync_folder(self._path.parent)

    def set_aside(self) -> str:
        """Rename the file, and return its new name.

        Raises:
            OSError: it stays where it is.
        """
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self._path.with_name(f"{self._path.name}.{stamp}.damaged")
        self._path.rename(aside)
        return aside.name

    @property
    def _half_written(self) -> Path:
        return self._path.with_name(f".{self._path.name}.new")

    def _keep_private(self, descriptor: int, status: os.stat_result) -> None:
        """Let nobody else read the file, and use none that somebody else may have put there."""
        if os.name != "posix":  # pragma: no cover - Windows
            return
        if status.st_uid not in owners(self._path):
            raise PermissionError(0, "it belongs to another user")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            if not self._has_warned:
                logger.warning("others could read %s: it is for its owner only (mode 0600)", self)
            self._has_warned = True
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)

    def _lock(self, stop: threading.Event, patience: float) -> BaseFileLock:
        # Only here: most runs find a good token, and the import takes longer than all the rest.
        from filelock import FileLock, Timeout  # noqa: PLC0415

        # One by one: parents that come about on the way would be as open as the umask allows.
        for folder in reversed((self._path.parent, *self._path.parent.parents)):
            folder.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(f"{self._path}.lock", mode=0o600)
        until = time.monotonic() + patience
        while True:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                if stop.wait(LOOK_AGAIN) or time.monotonic() > until:
                    msg = (
                        f"another process has held {lock.lock_file} for {patience:.0f} seconds: end it, or give this "
                        "one a token_path of its own"
                    )
                    raise RetriesExhaustedError(msg) from None
            else:
                return lock

    def _keep_owner(self, descriptor: int) -> None:
        """Let root, in a container for one, not take the file away from its owner."""
        if os.name == "posix" and os.geteuid() == 0:
            with contextlib.suppress(OSError):
                status = self._path.stat()
                if status.st_uid in owners(self._path):
                    os.fchown(descriptor, status.st_uid, status.st_gid)


def owners(path: Path) -> set[int]:
    """Return who may own a private file: we and root; for root, in a container for one, also who owns the folder."""
    return {0, os.geteuid() or path.parent.stat().st_uid}


def _at_once(path: str, flags: int) -> int:
    """Open a file without waiting for somebody at the other end, where it is a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _sync_folder(folder: Path) -> None:
    """See to it that a replaced file stays replaced when the power fails; not every system knows how."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
