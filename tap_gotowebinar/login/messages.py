"""What the login says to the person at the terminal and in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api.redaction import printable
from tap_gotowebinar.login.settings import VARIABLES
from tap_gotowebinar.settings.values import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_gotowebinar.api.auth.token_store import TokenStore
    from tap_gotowebinar.api.identity import Owner

DONE: Final = ("You are logged in", "The tap can read your webinars now. You can close this window.")
FAILED: Final = ("Not logged in", "That did not work. The terminal says why; you can close this window.")

UNNAMED: Final = "The credentials work. GoTo does not tell whose they are; the tap goes by the configured keys."


def opening(address: str) -> Iterator[str]:
    """Yield lines about a browser that opens now."""
    yield "Your browser opens, and GoTo asks you to log in and to allow access. If it does not open, open this address:"
    yield address


def pasting(address: str, redirect_uri: str) -> Iterator[str]:
    """Yield lines about a browser that somebody else opens."""
    yield "Open this address in a browser anywhere, log in to GoTo and allow access:"
    yield address
    yield f"The browser then goes to {redirect_uri}; never mind if it cannot be reached."
    yield "Copy the whole address that it shows then, and paste it here."


def whose(owner: Owner) -> Iterator[str]:
    """Yield lines about the person behind the tokens."""
    names = owner.get("displayName") or " ".join(filter(None, (owner.get("firstName"), owner.get("lastName"))))
    yield f"The tokens belong to {_shown(names) or 'somebody whose name GoTo does not tell'}."
    yield f"  organizer key  {owner['organizerKey']}"
    for account in owner["accounts"] or [owner]:
        if account.get("accountKey") is not None:
            yield f"  account key    {_shown(account['accountKey'])}  {_shown(account.get('name'))}".rstrip()


def stored(store: TokenStore, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about where the tokens are and what else the tap needs."""
    yield f"The tokens are stored in {store}."
    yield "Tap and target find them there: this user on this machine needs no refresh_token in the settings."
    if text(config, "personal_access_token"):
        yield "But personal_access_token is set, and goes before them: take it out."
    yield ""
    yield "What else the tap needs, and where it can stand:"
    yield f"  .env, environment  {VARIABLES}CLIENT_ID and {VARIABLES}CLIENT_SECRET"
    yield "  Meltano            meltano config set --interactive tap-gotowebinar"
    yield f"  CI, containers     the two as secrets, and {VARIABLES}TOKEN_PATH on a volume that stays;"
    yield f"                     {VARIABLES}REFRESH_TOKEN as a secret to begin with: log in for it with --show-token"
    yield "All organizers of an account instead of one (administrators only): the setting account_key."


def _shown(value: object) -> str:
    """Return what GoTo sent without what a terminal would act upon."""
    return printable(str(value or ""))
