"""What tells the name of a field, of a column or of an error from a token: both are long runs of letters.

A name is one that a schema of this project declares, or words in `snake_case`, `kebab-case`, `camelCase` or
`PascalCase` that can be spoken, without digits in mixed case and with few otherwise. Of random texts of 20 characters
in the alphabets of tokens (base 64, base 62, hexadecimal) about one in a million passes; of longer ones fewer.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST: Final = 80
"""Characters of a name; PostgreSQL allows 63 for that of a column, and a path joins several."""

LONGEST_WORD: Final = 15
"""Letters of a name that is one word."""

MAX_DIGITS: Final = 4
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


def is_name(text: str) -> bool:
    """Return whether a text is the name of a field, a column or an error, or a path of such names."""
    name = text.strip("._-/")
    if len(name) > LONGEST:
        return False
    separator = next((mark for mark in "./" if mark in name), None)
    if separator is None:
        return name.casefold() in _declared_names() or _is_spoken(name)
    # Without anything that only names have it may as well be a host: `attendee.gotowebinar.com`.
    return _CHANGES_CASE.search(name) is not None and all(map(_is_spoken, name.split(separator)))


def is_one_word(text: str) -> bool:
    """Return whether a text is the name of a column whose words a database has run together in one case.

    In running text it could be a secret; a column is not called like one.
    """
    is_plain = text.isascii() and text.isalpha() and text in {text.lower(), text.upper()} and len(text) <= LONGEST
    return is_plain and not _UNSPEAKABLE_PART.search(text.lower())


def _is_spoken(name: str) -> bool:
    """Return whether a name is made of words that can be spoken."""
    parts = re.split("__?" if "_" in name else "-", name.removesuffix(_OF_SALESFORCE))
    return _in_one_case(parts) if name.islower() or name.isupper() else _in_mixed_case(parts)


def _in_one_case(parts: list[str]) -> bool:
    words = [part.lower() for part in parts]
    text = "".join(words)
    if sum(map(str.isdigit, text)) > MAX_DIGITS or len(text) < 3 * len(words):
        return False
    is_short = len(words) > 1 or len(text) <= LONGEST_WORD
    return is_short and all(_PART.fullmatch(part) and not _UNSPEAKABLE_PART.search(part) for part in words)


def _in_mixed_case(parts: list[str]) -> bool:
    words = [word for part in parts for word in _HUMP.findall(part)]
    length = sum(map(len, words))
    # Many short words are what a random text falls into.
    return length == sum(map(len, parts)) and 2 * length >= 7 * len(words) and all(map(_is_word, words))


def _is_word(word: str) -> bool:
    return word.upper() in _ABBREVIATIONS.split("|") or not _UNSPEAKABLE.search(word)


@functools.cache
def _declared_names() -> frozenset[str]:
    """Names of the fields of all schemas in one case: databases fold those of columns."""
    files = importlib.resources.files("tap_gotowebinar.schemas").iterdir()
    schemas = (json.loads(file.read_text(encoding="utf-8")) for file in files if file.name.endswith(".json"))
    return frozenset(name.casefold() for schema in schemas for name in _names_in(schema))


def _names_in(schema: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for value in schema.values():
            yield from _names_in(value)
