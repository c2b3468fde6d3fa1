"""Tokens kept between runs, in a file that every process with the same `token_path` shares.

What is configured, a refresh token or a personal access token, is the seed: it never has to change. Its entry holds
what the refresh token was replaced by, and the access token that is good now. Several seeds live side by side; a seed
that was never seen has no entry yet, and so takes over by being configured. The file is replaced whole, never changed
in place; who asks GoTo for tokens holds the lock beside it from before the question until the answer is on the disk.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from typing_extensions import override

from tap_gotowebinar.api.auth.private_file import PATIENCE, PrivateFile
from tap_gotowebinar.api.errors import GoToWebinarError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("tap-gotowebinar.tokens")

VERSION: Final = 1
"""Of what the file holds."""

MAX_MARGIN: Final = 60.0
"""Seconds before its end at which an access token is renewed, at the most; short-lived ones keep nine tenths."""

FORGET_AFTER: Final = 90 * 86400.0
"""Seconds after which an entry that nobody used is dropped: a refresh token dies after 30 unused days."""

LOGGED_IN: Final = ""
"""Stands in for the seed of who configured none, and has logged in."""


Token = Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]+\Z")]
"""What fits into a header."""


class StoredTokens(msgspec.Struct, kw_only=True):
    """What is known of one seed, or of several that turned out to be the same.

    Attributes:
        client: Fingerprint of the token endpoint and the OAuth client.
        seeds: Fingerprints of what may be configured to get here.
        refresh_token: What GoTo replaced the seed by; None: nothing.
        access_token: The newest one.
        expires_at: When it expires, in seconds since 1970.
        lifetime: Seconds it lived when it was given out.
        used_at: When the entry was last written.
    """

    client: str
    seeds: list[str]
    refresh_token: Token | None = None
    access_token: Token | None = None
    expires_at: float = 0.0
    lifetime: float = 0.0
    used_at: float = 0.0

    @override
    def __repr__(self) -> str:
        """Show nothing: all of it is secret."""
        return "StoredTokens()"

    def seconds_left(self) -> float:
        """Return for how long the access token may be used; 0 for one that expires later than it can: a clock moved."""
        left = self.expires_at - time.time()
        return left - margin(self.lifetime) if left <= self.lifetime else 0.0

    def take(self, access_token: str, refresh_token: str | None, lifetime: float, expires_at: float) -> None:
        """Take over tokens.

        Args:
            access_token: A new one.
            refresh_token: What replaces the refresh token; None: nothing does.
            lifetime: Seconds the access token lives.
            expires_at: When it expires, in seconds since 1970.
        """
        self.access_token, self.lifetime, self.expires_at = access_token, lifetime, expires_at
        self.refresh_token = refresh_token or self.refresh_token


class _Content(msgspec.Struct):
    version: int
    entries: list[StoredTokens]


class TokenStore:
    """The entries of one OAuth client at one token endpoint.

    Args:
        path: The file; None: one of its own in the user's state folder.
        auth_url: Origin of the token endpoint.
        client_id: The OAuth client.
    """

    def __init__(self, path: Path | None, auth_url: str, client_id: str) -> None:
        """Touch nothing yet."""
        self._given = path
        self._client = fingerprint(f"{auth_url}\n{client_id}")
        self._has_warned = False

    @override
    def __str__(self) -> str:
        """Return where it is."""
        return str(self.path)

    @functools.cached_property
    def _file(self) -> PrivateFile:
        return PrivateFile(self.path)

    @functools.cached_property
    def path(self) -> Path:
        """The file itself, where a link leads to one.

        Raises:
            GoToWebinarError: it would be in a home folder, and there is none.
        """
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
        """Whether someone has logged in."""
        return self.read(LOGGED_IN).refresh_token is not None

    def read(self, seed: str) -> StoredTokens:
        """Return what is stored for a seed; an entry without tokens when nothing is, or nothing can be read.

        Args:
            seed: The configured refresh token or personal access token, or `LOGGED_IN`.
        """
        entries: list[StoredTokens] = []
        try:
            entries = self._entries()
        except FileNotFoundError:
            pass
        except OSError as error:
            self._warn("%s cannot be read (%s): what was stored is not used", self, error.strerror)
        except msgspec.DecodeError:
            pass  # Set aside by who locks.
        return self._find(entries, seed) or StoredTokens(client=self._client, seeds=[fingerprint(seed)])

    @contextlib.contextmanager
    def locked(self, stop: threading.Event, patience: float = PATIENCE) -> Iterator[None]:
        """Keep others from asking for tokens in the enclosed block; see `PrivateFile.locked`."""
        with self._file.locked(stop, patience):
            self._set_aside_if_damaged()
            yield

    def write(self, seed: str, tokens: StoredTokens) -> None:
        """Store tokens for a seed, on the disk when this returns. Only under the lock.

        Raises:
            OSError: they cannot be stored.
        """
        tokens.used_at = time.time()
        mark = fingerprint(seed)
        tokens.seeds = [*(known for known in tokens.seeds if known != mark), mark]
        entries = []
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
            entries = self._entries()
        kept = []
        for entry in entries:
            if entry.client == self._client:
                entry.seeds = [known for known in entry.seeds if known not in tokens.seeds]
            if entry.seeds and tokens.used_at - entry.used_at < FORGET_AFTER:
                kept.append(entry)
        self._file.replace(msgspec.json.format(msgspec.json.encode(_Content(VERSION, [*kept, tokens]))))

    def log_in(
        self,
        refresh_token: str,
        access_token: str,
        lifetime: float,
        *,
        configured: str | None = None,
    ) -> None:
        """Store what a login brought: for who configures no refresh token, and for who configures this one.

        Args:
            refresh_token: A new one.
            access_token: A new one.
            lifetime: Seconds the access token lives.
            configured: The refresh token in the settings, if there is one: the new one takes its place.

        Raises:
            RetriesExhaustedError: another process holds the lock.
            OSError: the tokens cannot be stored.
        """
        seeds = [fingerprint(seed) for seed in (refresh_token, configured) if seed]
        tokens = StoredTokens(client=self._client, seeds=seeds)
        tokens.take(access_token, refresh_token, lifetime, time.time() + lifetime)
        with self.locked(threading.Event()):
            self.write(LOGGED_IN, tokens)

    def _find(self, entries: list[StoredTokens], seed: str) -> StoredTokens | None:
        ours = [entry for entry in entries if entry.client == self._client]
        mark = fingerprint(seed)
        known = (entry for entry in ours if mark in entry.seeds)
        current = (entry for entry in ours if entry.refresh_token == seed)
        return next(known, None) or next(current, None)

    def _entries(self) -> list[StoredTokens]:
        """Return all entries.

        Raises:
            OSError: the file is not there, or not to be read.
            msgspec.DecodeError: it holds something else.
        """
        try:
            content = msgspec.json.decode(self._file.read(), type=_Content)
        except (UnicodeDecodeError, RecursionError):
            msg = "no JSON that anybody has written"
            raise msgspec.DecodeError(msg) from None
        if content.version != VERSION:
            raise msgspec.DecodeError
        return content.entries

    def _set_aside_if_damaged(self) -> None:
        with contextlib.suppress(OSError):
            try:
                self._entries()
            except msgspec.DecodeError:
                aside = self._file.set_aside()
                logger.warning("%s is damaged, or of a newer version: set aside as %s", self, aside)

    def _warn(self, *line: object) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(*line)


def margin(lifetime: float) -> float:
    """Return how long before its end an access token is renewed, in seconds."""
    return min(MAX_MARGIN, lifetime / 10)


def fingerprint(text: str) -> str:
    """Return what tells a secret from others without showing it."""
    return hashlib.sha256(text.encode()).hexdigest()
