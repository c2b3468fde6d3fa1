"""A file of secrets that several processes read and replace: readable by its owner only, and never half written."""

import contextlib
import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from typing_extensions import override

from tap_gotowebinar.api.errors import RetriesExhaustedError

logger = logging.getLogger("tap-gotowebinar.tokens")

LOCK_TIMEOUT: Final = 300.0
"""Seconds to wait for the lock: GoTo may ask its holder for a pause that long."""

MAX_SIZE: Final = 16 * 1024 * 1024
"""Bytes of a file: thousands of times what is needed."""


class PrivateFile:
    """A file and the lock beside it."""

    def __init__(self, path: Path) -> None:
        """Touch nothing yet; `path` is the file itself, not a link to it."""
        self._path = path
        self._temp_path = path.with_name(f".{path.name}.new")
        self._has_warned = False

    @override
    def __str__(self) -> str:
        """Return the path."""
        return str(self._path)

    def read(self) -> bytes:
        """Return the content.

        Raises:
            OSError: the file does not exist, cannot be read, is not an ordinary file, is too large, or belongs to
                another user.
        """
        # A pipe is opened without waiting for its other end.
        with open(self._path, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "it is not an ordinary file")
            if status.st_size > MAX_SIZE:
                raise OSError(0, "it is too large")
            self._make_private(file.fileno(), status)
            return file.read(MAX_SIZE)

    @contextlib.contextmanager
    def locked(self, stop: threading.Event, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
        """Lock out other processes in the enclosed block; where no lock can be made there is none.

        It waits `timeout` seconds, or until `stop` is set; raises RetriesExhaustedError if another process holds it.
        """
        with contextlib.ExitStack() as stack:
            # A file in a folder that cannot be written to changes for nobody and needs no lock.
            with contextlib.suppress(OSError):
                stack.enter_context(self._acquire(stop, timeout))
                # Of a process that was killed.
                self._temp_path.unlink(missing_ok=True)
            yield

    def replace(self, data: bytes) -> None:
        """Replace the file: after a crash it is the old one or the new one. Only under the lock.

        Raises:
            OSError: it stays as it was.
        """
        try:
            descriptor = os.open(self._temp_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                self._keep_owner(descriptor)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            self._temp_path.replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                self._temp_path.unlink(missing_ok=True)
            raise
        # On file systems that can, the replacement outlives a power failure.
        with contextlib.suppress(OSError):
            descriptor = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def quarantine(self) -> str:
        """Rename the file, and return its new name; after an OSError it has the old one."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return self._path.rename(self._path.with_name(f"{self._path.name}.{stamp}.damaged")).name

    def _make_private(self, descriptor: int, status: os.stat_result) -> None:
        """Take the file away from other users; raise PermissionError if one of them may have written it."""
        if status.st_uid not in owners(self._path):
            raise PermissionError(0, "it belongs to another user")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            if not self._has_warned:
                logger.warning("others could read %s: it is for its owner only (mode 0600)", self)
            self._has_warned = True
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)

    def _acquire(self, stop: threading.Event, timeout: float) -> AbstractContextManager[object]:
        # Only here: most runs find a good token, and the import takes longer than all the rest.
        from filelock import FileLock, Timeout  # noqa: PLC0415

        # One by one: `parents=True` would leave the mode of the parents to the umask.
        for folder in reversed((self._path.parent, *self._path.parent.parents)):
            folder.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(f"{self._path}.lock", mode=0o600)
        try:
            return lock.acquire(timeout=timeout, poll_interval=0.05, cancel_check=stop.is_set)
        except Timeout:
            msg = (
                f"another process has held {lock.lock_file} for {timeout:.0f} seconds: end it, or give this "
                "one a token_path of its own"
            )
            raise RetriesExhaustedError(msg) from None

    def _keep_owner(self, descriptor: int) -> None:
        """Keep the owner of the file when root replaces it, in a container for instance."""
        if os.geteuid() == 0:
            with contextlib.suppress(OSError):
                status = self._path.stat()
                if status.st_uid in owners(self._path):
                    os.fchown(descriptor, status.st_uid, status.st_gid)


def owners(path: Path) -> set[int]:
    """Return who may own a private file: this user and root; for root also the owner of the folder."""
    return {0, os.geteuid() or path.parent.stat().st_uid}
