"""Keys of GoTo: numbers of up to 20 digits, kept as text."""

from __future__ import annotations

import re
from typing import Final

MAX_KEY: Final = 2**64 - 1
"""Keys are documented as int64; the memory of what was emitted has room for this."""

_DIGITS: Final = re.compile(r"[0-9]{1,20}")


def is_key(value: object) -> bool:
    """Whether a value, as it comes out, can be a key of GoTo: it goes into paths, and numbers are made of it."""
    return isinstance(value, str) and bool(_DIGITS.fullmatch(value)) and int(value) <= MAX_KEY
