"""What may be said in a log line or an error about an answer of GoTo: little, and never about people.

GoTo's error bodies have no schema (`description`, `message`, `msg` and others were seen, sometimes with the
offending value inside), so a body is never quoted: only its message fields are, masked and cut.
"""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 200
"""Characters of a foreign message that are shown."""

_MESSAGE_FIELDS: Final = ("description", "message", "msg", "error_description", "errorMessage")
_CODE_FIELDS: Final = ("errorCode", "int_err_code", "error")

_MASKS: Final = (
    (re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+"), "<e-mail>"),
    (re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+"), "<url>"),
    (re.compile(r"\d{7,}"), "<number>"),
    (re.compile(r"[A-Za-z0-9_\-.+/=~]{20,}"), "<token>"),
)
_UNPRINTABLE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def mask(text: str) -> str:
    """Return `text` as one line of at most `MAX_LENGTH` characters without e-mails, URLs, long numbers or tokens."""
    # Cut once before masking as well: a message of megabytes must not cost more than its first lines.
    line = _UNPRINTABLE.sub(" ", text[: 20 * MAX_LENGTH]).strip()
    for pattern, replacement in _MASKS:
        line = pattern.sub(replacement, line)
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 3] + "..."


def error_code(body: object) -> str:
    """Return the error code of an error body, masked, or an empty string."""
    return _first_text(body, _CODE_FIELDS)


def error_text(body: object) -> str:
    """Return what an error body says, masked: `code: message`, one of them, or an empty string."""
    return ": ".join(part for part in (error_code(body), _first_text(body, _MESSAGE_FIELDS)) if part)


def _first_text(body: object, fields: tuple[str, ...]) -> str:
    if not isinstance(body, dict):
        return ""
    texts = (body.get(field) for field in fields)
    return next((mask(text) for text in texts if isinstance(text, str) and text.strip()), "")
