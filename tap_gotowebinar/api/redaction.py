"""What may be said in a log line or an error about an answer of GoTo: little, and never about people.

GoTo's error bodies have no schema (`description`, `message`, `msg` and others were seen, sometimes with the
offending value inside), so a body is never quoted: only its message fields are, masked and cut. Addresses, long numbers
and tokens are masked. The names of fields and errors are not: without them nobody could mend anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api.identifiers import is_name, is_one_word

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH: Final = 200
"""Characters of a foreign message that are shown."""

READ_AT_MOST: Final = 20 * MAX_LENGTH
"""Characters of a foreign message that are looked at."""

MAX_NAMES: Final = 100
"""Names that are listed; an object keyed by data has them without end."""

LONG_SECRET: Final = 8
"""Characters from which on a secret is found inside a word too; a shorter one may be part of any."""

_MESSAGE_FIELDS: Final = ("description", "message", "msg", "error_description", "errorMessage")
_CODE_FIELDS: Final = ("errorCode", "int_err_code", "error")
_CULPRIT: Final = ("field",)

_URL: Final = re.compile(r":\\?/\\?/")
_EMAIL: Final = re.compile(r"[@\uff20\ufe6b]|%40|&#0*64;|&#x0*40;|&commat;", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_\-.+/=~%]{20,}")
_NUMBER: Final = re.compile(r"\d{7,}")


def mask(text: str) -> str:
    """Return `text` as one line of at most `MAX_LENGTH` characters without e-mails, URLs, long numbers or tokens."""
    # Cut once before masking as well: a message of megabytes must not cost more than its first lines.
    words = text[:READ_AT_MOST].split()
    if len(text) > READ_AT_MOST:
        words[-1:] = ["..."]  # May be the half of something, which no rule knows.
    line = " ".join(filter(None, map(_masked, words)))
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 3] + "..."


def mask_names(names: Iterable[str]) -> str:
    """Return names of fields as a list, each masked, at most `MAX_NAMES` of them."""
    shown = list(dict.fromkeys(name if is_one_word(name) else mask(name) for name in names))
    more = [f"and {len(shown) - MAX_NAMES} more"] if len(shown) > MAX_NAMES else []
    return ", ".join(shown[:MAX_NAMES] + more)


def without_secrets(body: Any, secrets: Iterable[str | None]) -> Any:  # noqa: ANN401 - JSON
    """Return an error body whose texts do not hold these secrets, whatever they look like."""
    known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
    if not known or not isinstance(body, dict):
        return body
    pattern = re.compile("|".join(map(_anywhere, known)), re.IGNORECASE)
    return {name: pattern.sub("<secret>", text) if isinstance(text, str) else text for name, text in body.items()}


def printable(text: str) -> str:
    """Return `text` without what a terminal or a log would act upon."""
    return "".join(filter(str.isprintable, text))


def error_code(body: object) -> str:
    """Return the error code of an error body, masked, or an empty string."""
    return _first_text(body, _CODE_FIELDS)


def is_from_goto(body: object) -> bool:
    """Return whether the body of an error answer is GoTo's own: a JSON object with one of its error fields.

    Proxies, gateways and CDNs on the way answer with the same statuses in HTML or other JSON.
    """
    return bool(_first_text(body, _CODE_FIELDS) or _first_text(body, _MESSAGE_FIELDS))


def error_text(body: object) -> str:
    """Return what an error body says, masked: `code: message (field)`, what there is of it, or an empty string."""
    code, message, culprit = (_first_text(body, fields) for fields in (_CODE_FIELDS, _MESSAGE_FIELDS, _CULPRIT))
    said = ": ".join(filter(None, (code, message)))
    return mask(f"{said} (field {culprit})" if said and culprit not in said else said)


def _masked(word: str) -> str:
    """Return a word without what must not be shown; the whole word goes when it holds an address of any kind."""
    word = printable(word)
    if _URL.search(word):
        return "<url>"
    if _EMAIL.search(word):
        return "<e-mail>"
    # Tokens first: the digits inside one would otherwise be taken out, and leave pieces too short to be known as such.
    return _NUMBER.sub("<number>", _TOKEN.sub(_name_or_mark, word))


def _name_or_mark(run: re.Match[str]) -> str:
    return run[0] if is_name(run[0]) else "<token>"


def _anywhere(secret: str) -> str:
    pattern = re.escape(secret)
    return pattern if len(secret) >= LONG_SECRET else rf"(?<!\w){pattern}(?!\w)"


def _first_text(body: object, fields: tuple[str, ...]) -> str:
    if not isinstance(body, dict):
        return ""
    texts = (body.get(field) for field in fields)
    return next((mask(text) for text in texts if isinstance(text, str) and text.strip()), "")
