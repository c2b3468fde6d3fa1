"""Tokens kept between runs, in a file that all processes with the same `token_path` share.

The configured credential, a refresh token or a personal access token, never has to change: its entry holds the current
access token, and the refresh token that has replaced the configured one. A newly configured credential has no entry
yet, and so takes over. The file is replaced whole, never changed in place; a process that requests tokens holds the
lock from before the request until the response is on the disk.
"""

import contextlib
import functools
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
from typing_extensions import override

from tap_gotowebinar.api.auth.private_file import LOCK_TIMEOUT, PrivateFile
from tap_gotowebinar.api.errors import GoToWebinarError

logger = logging.getLogger("tap-gotowebinar.tokens")

VERSION: Final = 1
"""Version of the file's form."""

FORGET_AFTER: Final = 90 * 86400.0
"""Seconds after which an unused entry is dropped: a refresh token expires after 30 unused days."""

LOGIN_ENTRY: Final = ""
"""The credential of a user who has configured none and has logged in."""

Token = Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]+\Z")]
"""A token that fits into a header."""


class StoredTokens(msgspec.Struct, kw_only=True):
    """The tokens of one credential, or of several that lead to the same tokens.

    Attributes:
        client: Fingerprint of the token endpoint and the OAuth client.
        credential_ids: Fingerprints of the credentials; `seeds` in the file.
        refresh_token: The one that has replaced the credential; None: none has.
        expires_at: When the access token expires, in seconds since 1970.
        lifetime: Seconds from its issue to that.
        used_at: When the entry was last written, in seconds since 1970.
    """

    client: str
    credential_ids: list[str] = msgspec.field(name="seeds")
    refresh_token: Token | None = None
    access_token: Token | None = None
    expires_at: float = 0.0
    lifetime: float = 0.0
    used_at: float = 0.0

    @override
    def __repr__(self) -> str:
        """Show nothing: every field is secret."""
        return "StoredTokens()"

    def seconds_left(self) -> float:
        """Return for how long the access token may be used; 0 if it expires later than it can: a clock was changed."""
        left = self.expires_at - time.time()
        return left - margin(self.lifetime) if left <= self.lifetime else 0.0

    def update(self, access_token: str, refresh_token: str | None, lifetime: float, expires_at: float) -> None:
        """Set new tokens; no refresh token: it stays."""
        self.access_token, self.lifetime, self.expires_at = access_token, lifetime, expires_at
        self.refresh_token = refresh_token or self.refresh_token


class _Content(msgspec.Struct):
    version: int
    entries: list[StoredTokens]


class TokenStore:
    """The entries of one OAuth client at one token endpoint."""

    def __init__(self, path: Path | None, auth_url: str, client_id: str) -> None:
        """Touch nothing yet; without a path, the file is one of its own in the user's state folder."""
        self._given = path
        self._client = fingerprint(f"{auth_url}\n{client_id}")
        self._has_warned = False

    @override
    def __str__(self) -> str:
        """Return the path."""
        return str(self.path)

    @functools.cached_property
    def _file(self) -> PrivateFile:
        return PrivateFile(self.path)

    @functools.cached_property
    def path(self) -> Path:
        """The file itself, at the end of any links; raises GoToWebinarError without a home folder."""
        try:
            return Path(os.path.realpath(self._given.expanduser() if self._given else self._default))
        except RuntimeError:
            msg = "there is no home folder to keep tokens in: let token_path name a file outside of it"
            raise GoToWebinarError(msg) from None

    @property
    def _default(self) -> Path:
        # Only here: it takes longer to import than to use.
        from platformdirs import user_state_path  # noqa: PLC0415

        return user_state_path("tap-gotowebinar", appauthor=False) / f"tokens-{self._client[:16]}.json"

    def has_login(self) -> bool:
        """Return whether a login has stored a refresh token."""
        return self.read(LOGIN_ENTRY).refresh_token is not None

    def read(self, credential: str) -> StoredTokens:
        """Return the entry of a credential or of `LOGIN_ENTRY`; one without tokens if the file holds or shows none."""
        entries: list[StoredTokens] = []
        try:
            entries = self._entries()
        except (FileNotFoundError, msgspec.DecodeError):
            pass  # A damaged one is renamed once it is locked.
        except OSError as error:
            if not self._has_warned:
                self._has_warned = True
                logger.warning("%s cannot be read (%s): what was stored is not used", self, error.strerror)
        ours = [entry for entry in entries if entry.client == self._client]
        mark = fingerprint(credential)
        found = [entry for entry in ours if mark in entry.credential_ids]
        found += [entry for entry in ours if entry.refresh_token == credential]
        return found[0] if found else StoredTokens(client=self._client, credential_ids=[mark])

    @contextlib.contextmanager
    def locked(self, stop: threading.Event, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
        """Lock out processes that request tokens; see `PrivateFile.locked`. A damaged file is renamed."""
        with self._file.locked(stop, timeout):
            with contextlib.suppress(OSError):
                try:
                    self._entries()
                except msgspec.DecodeError:
                    name = self._file.quarantine()
                    logger.warning("%s is damaged, or of a newer version: set aside as %s", self, name)
            yield

    def write(self, credential: str, tokens: StoredTokens) -> None:
        """Store the entry of a credential, only under the lock; it is on the disk, or this raises OSError."""
        tokens.used_at = time.time()
        mark = fingerprint(credential)
        tokens.credential_ids = [*(known for known in tokens.credential_ids if known != mark), mark]
        entries = []
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
            entries = self._entries()
        kept = []
        for entry in entries:
            if entry.client == self._client:
                entry.credential_ids = [known for known in entry.credential_ids if known not in tokens.credential_ids]
            if entry.credential_ids and tokens.used_at - entry.used_at < FORGET_AFTER:
                kept.append(entry)
        self._file.replace(msgspec.json.format(msgspec.json.encode(_Content(VERSION, [*kept, tokens]))))

    def log_in(self, refresh_token: str, access_token: str, lifetime: float, *, configured: str = "") -> None:
        """Store the tokens of a login, for runs without a configured refresh token and for runs with this one.

        The new refresh token replaces the configured one; `lifetime` is that of the access token, in seconds.

        Raises:
            RetriesExhaustedError: another process holds the lock.
            OSError: the tokens cannot be stored.
        """
        known = [fingerprint(token) for token in (refresh_token, configured) if token]
        tokens = StoredTokens(client=self._client, credential_ids=known)
        tokens.update(access_token, refresh_token, lifetime, time.time() + lifetime)
        with self.locked(threading.Event()):
            self.write(LOGIN_ENTRY, tokens)

    def _entries(self) -> list[StoredTokens]:
        """Return all entries.

        Raises:
            OSError: the file is not there, or not to be read.
            msgspec.DecodeError: it is damaged, or of another version.
        """
        try:
            content = msgspec.json.decode(self._file.read(), type=_Content)
        except (UnicodeDecodeError, RecursionError):
            raise msgspec.DecodeError from None
        if content.version != VERSION:
            raise msgspec.DecodeError
        return content.entries


def margin(lifetime: float) -> float:
    """Return how many seconds before its end an access token is renewed: a minute, or a tenth of a short life."""
    return min(60.0, lifetime / 10)


def fingerprint(text: str) -> str:
    """Return a text that identifies a secret without showing it."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
