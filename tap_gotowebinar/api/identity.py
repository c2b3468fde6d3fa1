"""The owner of a token: two look-ups, of which a token may use one, the other or none (API reference, 2.5)."""

from collections.abc import Callable
from typing import Any, Final

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.errors import (
    CallError,
    ForbiddenError,
    GoToWebinarError,
    MalformedResponseError,
    NotFoundError,
)
from tap_gotowebinar.api.responses import is_key

IDENTITY_PATH: Final = "/identity/v1/Users/me"
"""SCIM; needs the scope `identity:scim.me`."""

ADMIN_PATH: Final = "/admin/rest/v1/me"
"""Returns 401 `not.authenticated` for narrow tokens, some of personal access tokens among them."""

NO_IDENTITY: Final = frozenset({401, 403})
"""Statuses of an identity endpoint that this token may not use."""

UNKNOWN_OWNER: Final = (
    "GoTo does not tell this token which organizer it belongs to: set organizer_keys, "
    "or give the OAuth client the scope identity:scim.me"
)

Owner = dict[str, Any]
"""A row of `organizers`."""


def owner_of_token(look_up: Callable[[str, Callable[[object], Owner]], Owner]) -> Owner | None:
    """Return the person the token belongs to; None if the token may use neither look-up.

    `look_up` makes one call with a path and a reader, and `NO_IDENTITY` as forbidden statuses.

    Raises:
        RetriesExhaustedError, UnexpectedStatusError: one look-up failed, and the other returned no owner.
    """
    failure: GoToWebinarError | None = None
    for path, read in ((IDENTITY_PATH, _from_identity), (ADMIN_PATH, _from_admin)):
        try:
            return look_up(path, read)
        except (ForbiddenError, NotFoundError):
            continue
        except CallError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return None


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
    if not is_key(text := str(key).strip()):
        msg = "the identity answer holds no user key"
        raise MalformedResponseError(msg)
    rows = [{"accountKey": account.get(names[0]), "name": account.get(names[1])} for account in _objects(accounts)]
    owner = {"organizerKey": text, "accounts": rows, **fields}
    if owner.get("accountKey") is None and len(rows) == 1:
        owner["accountKey"] = rows[0]["accountKey"]
    return owner


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
