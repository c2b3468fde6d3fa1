"""Whose data a run reads: the organizers, the account, and the person behind the token."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar import envelopes
from tap_gotowebinar.client import API
from tap_gotowebinar.errors import (
    BrokenAnswerError,
    GaveUpError,
    GoToWebinarError,
    NotFoundError,
    RefusedError,
    UnexpectedAnswerError,
)
from tap_gotowebinar.records import is_key

if TYPE_CHECKING:
    from tap_gotowebinar.client import GoToWebinarStream
    from tap_gotowebinar.report import Report
    from tap_gotowebinar.settings import Settings

IDENTITY_PATH: Final = "/identity/v1/Users/me"
"""SCIM; needs the scope `identity:scim.me`."""

ADMIN_PATH: Final = "/admin/rest/v1/me"
"""Answers 401 `not.authenticated` to narrow tokens, among them some from personal access tokens."""

NO_IDENTITY: Final = frozenset({401, 403})
"""Statuses with which an identity endpoint says that it is not for this token."""


class Scope:
    """What the settings and the token say together.

    Args:
        settings: Which organizers and which account were configured.
        stream: The stream on whose account the look-ups are made.
    """

    def __init__(self, settings: Settings, stream: GoToWebinarStream) -> None:
        """Look nothing up yet."""
        self._settings = settings
        self._stream = stream

    @functools.cached_property
    def owner(self) -> dict[str, Any] | None:
        """The person the token belongs to, as a row of `organizers`; None when GoTo does not tell this token.

        Raises:
            GaveUpError, UnexpectedAnswerError: one of the two look-ups failed, and the other did not help.
        """
        failure: GoToWebinarError | None = None
        for path, read in ((IDENTITY_PATH, _from_identity), (ADMIN_PATH, _from_admin)):
            try:
                look_up = functools.partial(self._stream.call, path, read, refusals=NO_IDENTITY)
                return self._stream.interruptibly(look_up)
            except (RefusedError, NotFoundError):
                continue
            except (GaveUpError, UnexpectedAnswerError) as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return None

    @functools.cached_property
    def organizer_keys(self) -> tuple[str, ...]:
        """Organizers whose webinars are listed one by one, or that an account's webinars are filtered to.

        Raises:
            GoToWebinarError: none is configured and GoTo does not say whose token it is.
        """
        if self._settings.organizer_keys or self._settings.account_key:
            return self._settings.organizer_keys
        if self.owner is None:
            msg = (
                "GoTo does not tell this token which organizer it belongs to: set organizer_keys, "
                "or give the OAuth client the scope identity:scim.me"
            )
            raise GoToWebinarError(msg)
        return (str(self.owner["organizerKey"]),)

    @property
    def listings(self) -> list[tuple[str, str | None]]:
        """Paths under which webinars are listed, each with the organizer it belongs to (None for an account)."""
        if self._settings.account_key:
            return [(f"{API}/accounts/{self._settings.account_key}/webinars", None)]
        return [(f"{API}/organizers/{key}/webinars", key) for key in self.organizer_keys]

    def includes(self, organizer_key: str | None) -> bool:
        """Whether a listed webinar of this organizer is wanted: only the list of an account shows others' webinars."""
        if not self._settings.account_key or not self._settings.organizer_keys:
            return True
        return organizer_key in self._settings.organizer_keys

    def check_listed(self, organizer_keys: set[str | None], report: Report) -> None:
        """Say which configured organizers have no webinar in the account.

        Raises:
            GoToWebinarError: none of them has.
        """
        if not self._settings.account_key:
            return
        missing = [key for key in self._settings.organizer_keys if key not in organizer_keys]
        if not missing:
            return
        text = f"no webinar in the account for {', '.join(missing)} of organizer_keys: a key may be wrong"
        if len(missing) == len(self._settings.organizer_keys):
            raise GoToWebinarError(text)
        report.warn(text)


def _from_identity(body: object) -> dict[str, Any]:
    user = envelopes.single(body)
    name = next(iter(_objects([user.get("name")])), {})
    mails = [mail for mail in _objects(user.get("emails")) if mail.get("value")]
    mails.sort(key=lambda mail: mail.get("primary") is not True)
    return _owner(
        user.get("id"),
        user.get("accounts"),
        ("value", "display"),
        email=mails[0]["value"] if mails else None,
        firstName=name.get("givenName"),
        lastName=name.get("familyName"),
        displayName=user.get("displayName"),
        userName=user.get("userName"),
        locale=user.get("locale"),
        timeZone=user.get("timezone"),
    )


def _from_admin(body: object) -> dict[str, Any]:
    user = envelopes.single(body)
    return _owner(
        user.get("key"),
        user.get("accounts"),
        ("key", "name"),
        accountKey=user.get("accountKey"),
        email=user.get("email"),
        firstName=user.get("firstName"),
        lastName=user.get("lastName"),
        locale=user.get("locale"),
    )


def _owner(key: object, accounts: object, names: tuple[str, str], **fields: object) -> dict[str, Any]:
    if isinstance(key, bool) or not isinstance(key, str | int) or not is_key(text := str(key).strip()):
        msg = "the identity answer holds no user key"
        raise BrokenAnswerError(msg)
    rows = [{"accountKey": account.get(names[0]), "name": account.get(names[1])} for account in _objects(accounts)]
    owner = {"organizerKey": text, "accounts": rows, **fields}
    if owner.get("accountKey") is None and len(rows) == 1:
        owner["accountKey"] = rows[0]["accountKey"]
    return owner


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
