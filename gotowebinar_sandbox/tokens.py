"""Credentials, authorization codes, access tokens and refresh tokens."""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from gotowebinar_sandbox.data.randomness import seeded_random
from gotowebinar_sandbox.options import Options

SCOPE = "collab:"
"""Scope of tokens that were not asked for on the authorize page."""

# Seconds.
CODE_LIFETIME = 60
REFRESH_TOKEN_LIFETIME = 30 * 86400


@dataclass(kw_only=True)
class OAuthError(Exception):
    """A rejected request: an error code of RFC 6749, sections 4.1.2.1 and 5.2, and its description."""

    code: str
    description: str

    def plain(self) -> dict[str, str]:
        """Return the fields of the error response."""
        return {"error": self.code, "error_description": self.description}


class Credentials(NamedTuple):
    """Made-up credentials of a GoTo developer and an organizer."""

    client_id: str
    client_secret: str
    refresh_token: str
    personal_access_token: str


def credentials(seed: int) -> Credentials:
    """Return the credentials, which depend on the seed alone, so that any process can compute them."""
    rng = seeded_random(seed, "credentials")
    return Credentials(*(f"{name}-{rng.getrandbits(128):032x}" for name in ("client", "secret", "refresh", "personal")))


class Grant(NamedTuple):
    """The permission that a user gave on the authorize page.

    Attributes:
        scope: Names of the scopes, separated by blanks.
        redirect_uri: As the client sent it; None when it left it out.
        challenge: PKCE S256 challenge; None when the client sent none.
    """

    scope: str
    redirect_uri: str | None
    challenge: str | None


class AuthorizationCodes:
    """The codes that were issued and not exchanged yet."""

    def __init__(self, rng: Random) -> None:
        """Draw codes from this generator."""
        self._rng = rng
        self._given: dict[str, tuple[Grant, float]] = {}

    def issue(self, grant: Grant) -> str:
        """Return a new code for a grant."""
        code = f"code-{self._rng.getrandbits(256):064x}"
        self._given[code] = grant, time.monotonic() + CODE_LIFETIME
        return code

    def exchange(self, form: Mapping[str, str]) -> Grant:
        """Return the grant for the code of a token request; the code is used up even if this raises ``OAuthError``."""
        if not form.get("code"):
            raise OAuthError(code="invalid_request", description="The code is missing.")
        grant, until = self._given.pop(form["code"], (None, 0.0))
        if grant is None or until <= time.monotonic():
            problem = "The authorization code is invalid, expired or used."
        elif grant.redirect_uri != form.get("redirect_uri"):
            problem = "The redirect_uri is not that of the authorization request."
        elif grant.challenge != _challenge(form.get("code_verifier")):
            problem = "The code_verifier does not fit the code_challenge."
        else:
            return grant
        raise OAuthError(code="invalid_grant", description=problem)


def _challenge(verifier: str | None) -> str | None:
    """Return the S256 challenge that fits a verifier (RFC 7636, section 4.2)."""
    if verifier is None:
        return None
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Tokens:
    """The tokens of one sandbox."""

    def __init__(
        self, known: Credentials, codes: AuthorizationCodes, principal: str, options: Callable[[], Options]
    ) -> None:
        """Accept the tokens of the credentials; ``options`` returns the current options."""
        self._rng = seeded_random(options().seed, "tokens")
        self._known = known
        self._codes = codes
        self._principal = principal
        self._options = options
        self._expiry: dict[str, float] = {}
        self._refresh_tokens: dict[str, tuple[str, float]] = {}
        self._keep(known.refresh_token, SCOPE)

    def grant(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of a token response, or raise ``OAuthError`` (API reference, sections 2.2 to 2.4)."""
        match form.get("grant_type"):
            case "authorization_code":
                scope = self._codes.exchange(form).scope
                return {**self._access(scope), "refresh_token": self._new_refresh_token(scope)}
            case "refresh_token":
                return self._refresh(form.get("refresh_token", ""))
            case "personal_access_token":
                if form.get("pat") != self._known.personal_access_token:
                    raise OAuthError(code="invalid_grant", description="The personal access token is invalid.")
                return self._access(SCOPE)
        raise OAuthError(code="unsupported_grant_type", description="The grant type is not supported.")

    def good(self, access_token: str) -> bool:
        """Return whether an access token was issued and has not expired."""
        return self._expiry.get(access_token, 0.0) > time.monotonic()

    def expire(self) -> None:
        """Expire every access token."""
        self._expiry.clear()

    def revoke(self) -> None:
        """Revoke every refresh token issued so far."""
        self._refresh_tokens.clear()

    def _refresh(self, given: str) -> dict[str, Any]:
        scope, until = self._refresh_tokens.get(given, ("", 0.0))
        if until <= time.monotonic():
            raise OAuthError(code="invalid_grant", description="The refresh token is invalid or expired.")
        response = self._access(scope)
        if self._options().rotate_refresh_tokens:
            del self._refresh_tokens[given]
            response["refresh_token"] = self._new_refresh_token(scope)
        return response

    def _new_refresh_token(self, scope: str) -> str:
        token = f"refresh-{self._rng.getrandbits(128):032x}"
        self._keep(token, scope)
        return token

    def _keep(self, token: str, scope: str) -> None:
        self._refresh_tokens[token] = scope, time.monotonic() + REFRESH_TOKEN_LIFETIME

    def _access(self, scope: str) -> dict[str, Any]:
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
