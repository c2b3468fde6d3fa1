"""Access and refresh tokens: who may call, and until when."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from tap_gotowebinar.sandbox.credentials import Credentials
from tap_gotowebinar.sandbox.dice import dice
from tap_gotowebinar.sandbox.options import Options


class RefusedError(Exception):
    """A token was refused; the text is the OAuth error code, then its description."""


class Tokens:
    """The tokens of one sandbox.

    A new grant is one method here and one line in the table of grants.
    """

    def __init__(self, seed: int, credentials: Credentials, principal: str, options: Callable[[], Options]) -> None:
        """Begin with one refresh token and one personal access token, both good.

        Args:
            seed: Seed of the made-up tokens.
            credentials: What the sandbox hands out to begin with.
            principal: Login e-mail of the user.
            options: Returns the options as they are now.
        """
        self._rng = dice(seed, "tokens")
        self._credentials = credentials
        self._principal = principal
        self._options = options
        self._refresh_token: str | None = credentials.refresh_token
        self._expiry: dict[str, float] = {}
        self._grants: dict[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
            "refresh_token": self._refresh,
            "personal_access_token": self._trade,
        }

    def grant(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token request (API reference, sections 2.2 to 2.4).

        Raises:
            RefusedError: An unknown grant, or a token that is no good.
        """
        grant = self._grants.get(form.get("grant_type", ""))
        if grant is None:
            code, text = "unsupported_grant_type", "The grant type is not supported."
            raise RefusedError(code, text)
        return grant(form)

    def good(self, access_token: str) -> bool:
        """Tell whether an access token was issued and has not expired."""
        return self._expiry.get(access_token, 0.0) > time.monotonic()

    def expire(self) -> None:
        """Let every access token expire."""
        self._expiry.clear()

    def revoke(self) -> None:
        """Refuse the refresh token from now on."""
        self._refresh_token = None

    def _refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("refresh_token") != self._refresh_token:
            code, text = "invalid_grant", "The refresh token is invalid or expired."
            raise RefusedError(code, text)
        answer = self._access()
        if self._options().rotate_refresh_tokens:
            self._refresh_token = answer["refresh_token"] = f"refresh-{self._rng.getrandbits(128):032x}"
        return answer

    def _trade(self, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("pat") != self._credentials.personal_access_token:
            code, text = "invalid_grant", "The personal access token is invalid."
            raise RefusedError(code, text)
        return self._access()

    def _access(self) -> dict[str, Any]:
        token = f"access-{self._rng.getrandbits(256):064x}"
        lifetime = self._options().token_lifetime
        self._expiry[token] = time.monotonic() + lifetime
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(lifetime),
            "scope": "collab:",
            "principal": self._principal,
        }
