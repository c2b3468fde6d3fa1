"""Access and refresh tokens: who may call, and until when."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gotowebinar_sandbox.authorization_codes import AuthorizationCodes
from gotowebinar_sandbox.credentials import Credentials
from gotowebinar_sandbox.data.randomness import seeded_random
from gotowebinar_sandbox.oauth_errors import OAuthError
from gotowebinar_sandbox.options import Options

SCOPE = "collab:"
"""Scope of tokens that were not asked for on the authorize page."""


class RefreshToken(NamedTuple):
    """What a refresh token is good for, and until when (monotonic seconds)."""

    scope: str
    until: float


class Tokens:
    """The tokens of one sandbox.

    A new grant is one method here and one line in the table of grants.
    """

    def __init__(
        self,
        seed: int,
        credentials: Credentials,
        codes: AuthorizationCodes,
        principal: str,
        options: Callable[[], Options],
    ) -> None:
        """Begin with one refresh token and one personal access token, both good.

        Args:
            seed: Seed of the made-up tokens.
            credentials: What the sandbox hands out to begin with.
            codes: What the user allowed.
            principal: Login e-mail of the user.
            options: Returns the options as they are now.
        """
        self._rng = seeded_random(seed, "tokens")
        self._credentials = credentials
        self._codes = codes
        self._principal = principal
        self._options = options
        self._expiry: dict[str, float] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._keep(credentials.refresh_token, SCOPE)
        self._grants: dict[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
            "authorization_code": self._redeem,
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
            raise OAuthError(code="unsupported_grant_type", description="The grant type is not supported.")
        return grant(form)

    def good(self, access_token: str) -> bool:
        """Tell whether an access token was issued and has not expired."""
        return self._expiry.get(access_token, 0.0) > time.monotonic()

    def expire(self) -> None:
        """Let every access token expire."""
        self._expiry.clear()

    def revoke(self) -> None:
        """Refuse every refresh token given out so far."""
        self._refresh_tokens.clear()

    def _redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        scope = self._codes.exchange(form).scope
        return {**self._permissions(scope), "refresh_token": self._new_refresh_token(scope)}

    def _refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        given = form.get("refresh_token", "")
        known = self._refresh_tokens.get(given)
        if known is None or known.until <= time.monotonic():
            raise OAuthError(code="invalid_grant", description="The refresh token is invalid or expired.")
        answer = self._permissions(known.scope)
        if self._options().rotate_refresh_tokens:
            del self._refresh_tokens[given]
            answer["refresh_token"] = self._new_refresh_token(known.scope)
        return answer

    def _trade(self, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("pat") != self._credentials.personal_access_token:
            raise OAuthError(code="invalid_grant", description="The personal access token is invalid.")
        return self._permissions(SCOPE)

    def _new_refresh_token(self, scope: str) -> str:
        token = f"refresh-{self._rng.getrandbits(128):032x}"
        self._keep(token, scope)
        return token

    def _keep(self, token: str, scope: str) -> None:
        until = time.monotonic() + self._options().refresh_token_lifetime
        self._refresh_tokens[token] = RefreshToken(scope, until)

    def _permissions(self, scope: str) -> dict[str, Any]:
        token = f"access-{self._rng.getrandbits(256):064x}"
        lifetime = self._options().token_lifetime
        self._expiry[token] = time.monotonic() + lifetime
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(lifetime),
            "scope": scope,
            "principal": self._principal,
        }
