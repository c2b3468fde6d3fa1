"""Reads the input in lines, as they arrive."""

import os
import sys
from collections.abc import Iterator
from typing import IO, Final

from tap_gotowebinar.api.errors import GoToWebinarError

CHUNK: Final = 64 * 1024
"""Bytes that are read at once."""

MAX_LINE: Final = 256 * 1024 * 1024
"""Maximum bytes of a line, above the size of any STATE; a line without end would fill the memory."""


class InputError(GoToWebinarError):
    """The input is not Singer messages; the text is one line and shows nothing of the input."""


def read_lines(source: IO[str] | None) -> Iterator[list[bytes]]:
    """Yield the lines of a file, or of standard input; lines that arrive together come in one list.

    Raises:
        GoToWebinarError: standard input is closed.
        InputError: a line is too long.
        OSError: the input cannot be read.
    """
    rest = bytearray()
    for chunk in _chunks(source):
        end, newline, begin = chunk.rpartition(b"\n")
        if newline:
            yield [line + b"\n" for line in bytes(rest + end).split(b"\n")]
            rest.clear()
        rest += begin
        if len(rest) > MAX_LINE:
            msg = f"a line of the input is longer than {MAX_LINE // 1024**2} MiB; nothing from there on was registered"
            raise InputError(msg)
    if rest:
        yield [bytes(rest)]


def _chunks(source: IO[str] | None) -> Iterator[bytes]:
    source = source or sys.stdin
    if source is None:
        msg = "standard input is closed: send the messages of a tap to it, or name a file with --input"
        raise GoToWebinarError(msg)
    try:
        descriptor = source.fileno()
    except OSError:
        # A file in memory.
        while text := source.read(CHUNK):
            yield text.encode(errors="surrogatepass")
        return
    # Python's own buffer has a lock: a thread that holds it when the process ends crashes the interpreter.
    while chunk := os.read(descriptor, CHUNK):
        yield chunk
