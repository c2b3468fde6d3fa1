"""What a log line or an error may show of a response: no secrets and no personal data.

GoTo's error bodies have no schema (`description`, `message`, `msg` and others were seen, sometimes with the offending
value inside), so that a body is never quoted: only its message fields are, masked and cut. Addresses, long numbers and
tokens are masked. The names of fields and errors are not: a user needs them to fix the error.
"""

import functools
import importlib.resources
import json
import re
from collections.abc import Iterable
from typing import Any, Final

MAX_LENGTH: Final = 200
"""Characters of a foreign message that are shown."""

READ_AT_MOST: Final = 20 * MAX_LENGTH
"""Characters of a foreign message that are read."""

MAX_NAMES: Final = 100
"""Names that are listed; an object whose keys are data may have any number."""

LONG_SECRET: Final = 8
"""Characters of a secret that is also found inside a word; a shorter one may be part of any word."""

_MESSAGE_FIELDS: Final = ("description", "message", "msg", "error_description", "errorMessage")
_CODE_FIELDS: Final = ("errorCode", "int_err_code", "error")

_URL: Final = re.compile(r":\\?/\\?/")
_EMAIL: Final = re.compile(r"[@\uff20\ufe6b]|%40|&#0*64;|&#x0*40;|&commat;", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_\-.+/=~%]{20,}")
_NUMBER: Final = re.compile(r"\d{7,}")

# What tells the name of a field, a column or an error from a token: both are long runs of letters. A name is one that a
# schema of this project declares, or words in `snake_case`, `kebab-case`, `camelCase` or `PascalCase` that can be
# spoken, without digits in mixed case and with few otherwise. Of random texts of 20 characters in the alphabets of
# tokens (base 64, base 62, hexadecimal) about one in a million passes; of longer ones fewer.

_LONGEST_NAME: Final = 80
"""Characters of a name; PostgreSQL allows 63 for a column, and a path joins several."""

_LONGEST_WORD: Final = 15
"""Letters of a name that is one word."""

_MAX_DIGITS: Final = 4
"""Digits of a name in one case: a year."""

_SHORT: Final = "as|at|be|by|do|go|id|if|in|is|it|me|my|no|of|on|or|to|up|us|we"
_TITLED: Final = "|".join(word.title() for word in _SHORT.split("|"))
_ABBREVIATIONS: Final = "API|CRM|CSV|HTML|HTTP|ID|JSON|PDF|SMS|SQL|SSL|TLS|URL|UTC|UTM|XML"
_HUMP: Final = re.compile(
    rf"(?:[a-z]{{3,15}}|[A-Z][a-z]{{2,14}}|{_SHORT}|{_TITLED}|{_ABBREVIATIONS})(?![a-z])"  # a word of camelCase
)
_UNSPEAKABLE: Final = re.compile(r"(.)\1\1|[^aeiouy]{5}|[aeiouy]{4}|^[^aeiouy]+$", re.IGNORECASE)
_PART: Final = re.compile(r"[a-z]{1,30}[0-9]{0,2}|[0-9]{1,4}")
_UNSPEAKABLE_PART: Final = re.compile(r"(.)\1\1|[^aeiouy0-9]{6}|[aeiouy]{5}|^[^aeiouy]{5,}$")
_OF_SALESFORCE: Final = "__c"
_CHANGES_CASE: Final = re.compile(r"[a-z][A-Z]|_")


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
    shown = list(dict.fromkeys(name if _is_one_word(name) else mask(name) for name in names))
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
    """Return `text` without control characters."""
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
    code, message, culprit = (_first_text(body, fields) for fields in (_CODE_FIELDS, _MESSAGE_FIELDS, ("field",)))
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
    return _NUMBER.sub("<number>", _TOKEN.sub(lambda run: run[0] if _is_name(run[0]) else "<token>", word))


def _anywhere(secret: str) -> str:
    pattern = re.escape(secret)
    return pattern if len(secret) >= LONG_SECRET else rf"(?<!\w){pattern}(?!\w)"


def _first_text(body: object, fields: tuple[str, ...]) -> str:
    if not isinstance(body, dict):
        return ""
    texts = (body.get(field) for field in fields)
    return next((mask(text) for text in texts if isinstance(text, str) and text.strip()), "")


def _is_name(text: str) -> bool:
    """Return whether a text is the name of a field, a column or an error, or a path of such names."""
    name = text.strip("._-/")
    if len(name) > _LONGEST_NAME:
        return False
    separator = next((mark for mark in "./" if mark in name), None)
    if separator is None:
        return name.casefold() in _declared_names() or _is_spoken(name)
    # Without anything that only names have it may as well be a host: `attendee.gotowebinar.com`.
    return _CHANGES_CASE.search(name) is not None and all(map(_is_spoken, name.split(separator)))


def _is_one_word(text: str) -> bool:
    """Return whether a text is a column name whose words are joined in one case; elsewhere it may be a secret."""
    is_plain = text.isascii() and text.isalpha() and text in {text.lower(), text.upper()} and len(text) <= _LONGEST_NAME
    return is_plain and not _UNSPEAKABLE_PART.search(text.lower())


def _is_spoken(name: str) -> bool:
    """Return whether a name is made of words that can be spoken."""
    parts = re.split("__?" if "_" in name else "-", name.removesuffix(_OF_SALESFORCE))
    return _in_one_case(parts) if name.islower() or name.isupper() else _in_mixed_case(parts)


def _in_one_case(parts: list[str]) -> bool:
    words = [part.lower() for part in parts]
    text = "".join(words)
    if sum(map(str.isdigit, text)) > _MAX_DIGITS or len(text) < 3 * len(words):
        return False
    is_short = len(words) > 1 or len(text) <= _LONGEST_WORD
    return is_short and all(_PART.fullmatch(part) and not _UNSPEAKABLE_PART.search(part) for part in words)


def _in_mixed_case(parts: list[str]) -> bool:
    words = [word for part in parts for word in _HUMP.findall(part)]
    length = sum(map(len, words))
    # Many short words are what a random text falls into.
    if length != sum(map(len, parts)) or 2 * length < 7 * len(words):
        return False
    return all(word.upper() in _ABBREVIATIONS.split("|") or not _UNSPEAKABLE.search(word) for word in words)


@functools.cache
def _declared_names() -> frozenset[str]:
    """All names in the schemas, those of fields among them, in one case: databases fold the names of columns."""
    names: set[str] = set()
    for file in importlib.resources.files("tap_gotowebinar.schemas").iterdir():
        if file.name.endswith(".json"):
            schema = file.read_text(encoding="utf-8")
            json.loads(schema, object_pairs_hook=lambda pairs: names.update(name.casefold() for name, _ in pairs))
    return frozenset(names)
