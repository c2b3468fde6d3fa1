"""The texts of the login, in the terminal and in the browser."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tap_gotowebinar.api.auth.token_store import TokenStore
from tap_gotowebinar.api.identity import Owner
from tap_gotowebinar.api.redaction import printable
from tap_gotowebinar.login.settings import ENV_PREFIX
from tap_gotowebinar.settings.values import optional_text

DONE: Final = ("You are logged in", "The tap can read your webinars now. You can close this window.")
FAILED: Final = ("Not logged in", "That did not work. The terminal says why; you can close this window.")

TOO_LATE: Final = ("Too late", "This login has had its answer. You can close this window.")

UNKNOWN_PERSON: Final = "The credentials work. GoTo does not tell whose they are; the tap uses the configured keys."


def browser_lines(address: str) -> Iterator[str]:
    """Yield lines for a login in a browser on this machine."""
    yield "Your browser opens, and GoTo asks you to log in and to allow access. If it does not open, open this address:"
    yield address


def paste_lines(address: str, redirect_uri: str) -> Iterator[str]:
    """Yield lines for a login in a browser anywhere else."""
    yield "Open this address in a browser anywhere, log in to GoTo and allow access:"
    yield address
    yield f"The browser then goes to {redirect_uri}. It does not matter if that page cannot be reached."
    yield "Copy the whole address that the browser shows, and paste it here."


def owner_lines(owner: Owner) -> Iterator[str]:
    """Yield lines about the person the tokens belong to."""
    names = owner.get("displayName") or " ".join(filter(None, (owner.get("firstName"), owner.get("lastName"))))
    yield f"The tokens belong to {_shown(names) or 'somebody whose name GoTo does not tell'}."
    yield f"  organizer key  {owner['organizerKey']}"
    for account in owner["accounts"] or [owner]:
        if account.get("accountKey") is not None:
            yield f"  account key    {_shown(account['accountKey'])}  {_shown(account.get('name'))}".rstrip()


def storage_lines(store: TokenStore, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about where the tokens are stored, and which other settings the tap needs."""
    yield f"The tokens are stored in {store}."
    yield "Tap and target find them there: on this machine you need no refresh_token in the settings."
    if optional_text(config, "personal_access_token"):
        yield "But personal_access_token is set and is used instead of them: remove it."
    yield ""
    yield "The tap also needs these settings, in one of these places:"
    yield f"  .env, environment  {ENV_PREFIX}CLIENT_ID and {ENV_PREFIX}CLIENT_SECRET"
    yield "  Meltano            meltano config set --interactive tap-gotowebinar"
    yield f"  CI, containers     both as secrets, and {ENV_PREFIX}TOKEN_PATH on a persistent volume;"
    yield f"                     {ENV_PREFIX}REFRESH_TOKEN as a first secret: get it with --show-token"
    yield "All organizers of an account instead of one (administrators only): the setting account_key."


def _shown(value: object) -> str:
    """Return a text of GoTo without control characters."""
    return printable(str(value or ""))
