"""The result of each record, and the file with them."""

import dataclasses
import enum
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from tap_gotowebinar.api.auth.private_file import owners
from tap_gotowebinar.api.errors import OutputError
from target_gotowebinar.payload import NewRegistrant

MODE: Final = 0o600
"""Permissions of the file, which holds personal data and join links."""


class Outcome(enum.StrEnum):
    """The possible outcomes of a record."""

    REGISTERED = "registered"
    ALREADY_REGISTERED = "already_registered"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclasses.dataclass(frozen=True, slots=True)
class RegistrationResult:
    """The result of a record."""

    person: NewRegistrant
    outcome: Outcome
    registrant_key: str | None = None
    join_url: str | None = dataclasses.field(default=None, repr=False)
    status: str | None = None
    description: str | None = None

    def row(self) -> dict[str, Any]:
        """Return the fields of `schemas/registration_result.json`."""
        return {
            "email": self.person.email,
            "webinarKey": self.person.webinar_key,
            "outcome": self.outcome,
            "registrantKey": self.registrant_key,
            "joinUrl": self.join_url,
            "status": self.status,
            "description": self.description,
        }


class ResultsFile:
    """A file of JSON lines to which rows are appended, each with one write, so that two programs may share it."""

    def __init__(self, path: str) -> None:
        """Open the file, or create it; raises OutputError if it cannot be written."""
        self._path = os.path.expanduser(path)  # noqa: PTH111 - leaves what it cannot expand alone
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, MODE)
            self._prepare()
        except OSError as error:
            raise self._failure(error) from None

    def write(self, result: RegistrationResult) -> None:
        """Append a row without buffering; raises OutputError if the disk is full, for instance."""
        line = json.dumps(result.row()).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _prepare(self) -> None:
        """Restrict the permissions, and end a line that a full disk or the end of a process cut off."""
        known = os.fstat(self._descriptor)
        if not stat.S_ISREG(known.st_mode):
            return
        if known.st_uid not in owners(Path(self._path)):
            raise PermissionError(0, "it belongs to another user")
        os.fchmod(self._descriptor, MODE)
        if known.st_size and os.pread(self._descriptor, 1, known.st_size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"the file of results_path cannot be written ({error.strerror}): {self._path}")
