"""Authorization codes: what a user allowed on the authorize page, until a client trades it for tokens."""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from gotowebinar_sandbox.oauth_errors import OAuthError


@dataclass(frozen=True)
class Grant:
    """What a user allowed.

    Attributes:
        scope: Names of the scopes, separated by blanks.
        redirect_uri: As the client sent it; None when it left it out.
        challenge: PKCE S256 challenge; None when the client sent none.
    """

    scope: str
    redirect_uri: str | None
    challenge: str | None


class AuthorizationCodes:
    """The codes given out and not traded yet."""

    def __init__(self, rng: Random) -> None:
        """Give out codes drawn from these dice."""
        self._rng = rng
        self._given: dict[str, tuple[Grant, float]] = {}

    def issue(self, permission: Grant, lifetime: float) -> str:
        """Return a code that stands for a permission for so many seconds."""
        code = f"code-{self._rng.getrandbits(256):064x}"
        self._given[code] = permission, time.monotonic() + lifetime
        return code

    def exchange(self, form: Mapping[str, str]) -> Grant:
        """Return what the code of a token request stands for; it is used up, whatever comes of it.

        Raises:
            RefusedError: No code, one that is not good, another redirect URI, or a verifier that does not fit.
        """
        if not form.get("code"):
            raise OAuthError(code="invalid_request", description="The code is missing.")
        permission, until = self._given.pop(form["code"], (None, 0.0))
        if permission is None or until <= time.monotonic():
            raise OAuthError(code="invalid_grant", description="The authorization code is invalid, expired or used.")
        if permission.redirect_uri != form.get("redirect_uri"):
            raise OAuthError(
                code="invalid_grant", description="The redirect_uri is not that of the authorization request."
            )
        if permission.challenge != _challenge(form.get("code_verifier")):
            raise OAuthError(code="invalid_grant", description="The code_verifier does not fit the code_challenge.")
        return permission


def _challenge(verifier: str | None) -> str | None:
    """Return the S256 challenge that fits a verifier (RFC 7636, section 4.2)."""
    if verifier is None:
        return None
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
