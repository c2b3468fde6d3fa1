"""What may be said in a log line or an error about an answer of GoTo: little, and never about people.

GoTo's error bodies have no schema (`description`, `message`, `msg` and others were seen, sometimes with the
offending value inside), so a body is never quoted: only its message fields are, masked and cut.
"""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 200
"""Characters of a foreign message that are shown."""

READ_AT_MOST: Final = 20 * MAX_LENGTH
"""Characters of a foreign message that are looked at."""

_MESSAGE_FIELDS: Final = ("description", "message", "msg", "error_description", "errorMessage")
_CODE_FIELDS: Final = ("errorCode", "int_err_code", "error")

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
    """Return what an error body says, masked: `code: message`, one of them, or an empty string."""
    return mask(": ".join(part for part in (error_code(body), _first_text(body, _MESSAGE_FIELDS)) if part))


def _masked(word: str) -> str:
    """Return a word without what must not be shown; the whole word goes when it holds an address of any kind."""
    word = printable(word)
    if _URL.search(word):
        return "<url>"
    if _EMAIL.search(word):
        return "<e-mail>"
    # Tokens first: the digits inside one would otherwise be taken out, and leave pieces too short to be known as such.
    return _NUMBER.sub("<number>", _TOKEN.sub("<token>", word))


def _first_text(body: object, fields: tuple[str, ...]) -> str:
    if not isinstance(body, dict):
        return ""
    texts = (body.get(field) for field in fields)
    return next((mask(text) for text in texts if isinstance(text, str) and text.strip()), "")
