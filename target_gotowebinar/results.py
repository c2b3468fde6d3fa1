"""What became of each record, and the file that keeps it."""

from __future__ import annotations

import dataclasses
import enum
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api.auth.private_file import owners
from tap_gotowebinar.api.errors import OutputError

if TYPE_CHECKING:
    from target_gotowebinar.payload import NewRegistrant

FIELDS: Final = ("email", "webinarKey", "outcome", "registrantKey", "joinUrl", "status", "description")
"""Fields of a row, as in `schemas/registration_result.json`."""

MODE: Final = 0o600
"""Permissions of the file: it holds people, and their links into the webinar."""


class Outcome(enum.StrEnum):
    """The ways in which a record can end."""

    REGISTERED = "registered"
    ALREADY_REGISTERED = "already_registered"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclasses.dataclass(frozen=True, slots=True)
class RegistrationResult:
    """What became of a record."""

    email: str | None = dataclasses.field(repr=False)
    webinar_key: str | None
    outcome: Outcome
    registrant_key: str | None = None
    join_url: str | None = dataclasses.field(default=None, repr=False)
    status: str | None = None
    description: str | None = None

    @classmethod
    def of(cls, person: NewRegistrant, outcome: Outcome, **more: str | None) -> RegistrationResult:
        """Return what became of a person."""
        return cls(person.email, person.webinar_key, outcome, **more)

    def row(self) -> dict[str, Any]:
        """Return it under the names of the schema."""
        return dict(zip(FIELDS, dataclasses.astuple(self), strict=True))


class ResultsFile:
    """A file of JSON lines that only grows; each row is written in one piece, so that two programs may share it."""

    def __init__(self, path: str) -> None:
        """Open it; it is made when it is not there.

        Raises:
            OutputError: it cannot be written.
        """
        self._path = os.path.expanduser(path)  # noqa: PTH111 - leaves what it cannot expand alone
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, MODE)
            self._prepare()
        except OSError as error:
            raise self._failure(error) from None

    def write(self, result: RegistrationResult) -> None:
        """Append a row; the operating system has it when this returns.

        Raises:
            OutputError: the disk is full, for instance.
        """
        line = json.dumps(result.row()).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    def _prepare(self) -> None:
        """Let nobody else read it, and end a line that was cut off by a full disk or the end of a process."""
        known = os.fstat(self._descriptor)
        if not stat.S_ISREG(known.st_mode):
            return
        if os.name == "posix" and known.st_uid not in owners(Path(self._path)):
            raise PermissionError(0, "it belongs to another user")
        os.fchmod(self._descriptor, MODE)
        if known.st_size and os.pread(self._descriptor, 1, known.st_size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"the file of results_path cannot be written ({error.strerror}): {self._path}")
