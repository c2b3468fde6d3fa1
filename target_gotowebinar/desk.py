"""The registration desk: takes people in as they come, has them registered, and answers for each of them.

Results, STATE and all counting are touched by the main thread only; workers make calls and nothing else.
"""

from __future__ import annotations

import functools
import json
import queue
import time
from typing import IO, TYPE_CHECKING, Any, Final

from tap_gotowebinar.api.errors import GoToWebinarError, RetriesExhaustedError
from tap_gotowebinar.api.identity import NO_IDENTITY, owner_of_token
from tap_gotowebinar.api.redaction import mask_names
from target_gotowebinar.applicants import applicant, unknown_fields
from target_gotowebinar.inbox import Inbox
from target_gotowebinar.lanes import Job, Lanes
from target_gotowebinar.ledger import Ledger
from target_gotowebinar.registrar import Registrar
from target_gotowebinar.results import Outcome, RegistrationResult, ResultsFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_gotowebinar.api.client import ApiClient
    from tap_gotowebinar.singer.signals import StopSignals
    from tap_gotowebinar.singer.writer import MessageWriter
    from target_gotowebinar.applicants import Applicant
    from target_gotowebinar.inbox import Line
    from target_gotowebinar.report import Report
    from target_gotowebinar.settings import Settings

MAX_JOBS: Final = 1_000
"""People who are being registered or wait for their turn; the input is read no further."""

MAX_UNANSWERED: Final = 3
"""People in a row of whom GoTo does not say what became of them: then the run ends."""

GRACE: Final = 1.0
"""Seconds that calls under way have to be answered when a run ends before its time."""


class Registration(Job):
    """Somebody who is being registered."""

    def __init__(self, number: int, stream: str, applicant: Applicant, registrar: Registrar, organizer: str) -> None:
        """Wait for its turn among those of the same webinar."""
        super().__init__(applicant.webinar_key or "", lambda: registrar.register(applicant, organizer))
        self.number = number
        self.stream = stream
        self.applicant = applicant


class Desk:
    """Where records come in and results go out.

    Args:
        settings: What is wanted.
        connection: What calls go through.
        report: Where everything is counted.
        output: Where STATE is passed on.
        stop_signals: Lets a signal end a wait.
    """

    def __init__(
        self,
        settings: Settings,
        connection: ApiClient,
        report: Report,
        output: MessageWriter,
        stop_signals: StopSignals,
    ) -> None:
        """Open the file of results; nothing is sent before the first record.

        Raises:
            OutputError: the file cannot be written.
        """
        self._settings = settings
        self._connection = connection
        self._report = report
        self._output = output
        self._stop_signals = stop_signals
        self._registrar = Registrar(connection, report.tally, resend_confirmation=settings.resend_confirmation)
        self._ledger = Ledger()
        self._inbox = Inbox(stop_signals)
        self._lanes = Lanes(settings.connection.max_concurrency, self._inbox.job_done)
        self._unanswered_in_a_row = 0
        self._results = ResultsFile(settings.results_path) if settings.results_path else None

    def lines(self, source: IO[str] | None) -> Iterator[Line]:
        """Yield the lines of the input; while it waits for one, it answers for people.

        Args:
            source: Where they are read from; standard input if None.
        """
        self._inbox.read(source)
        while True:
            while not self._inbox.has_line:
                self._attend()
            line = self._inbox.line()
            if line is None:
                return
            yield line

    def take(self, stream: str, record: Mapping[str, Any], *, is_deletion: bool) -> None:
        """Take in the person that a record describes.

        Args:
            stream: Name of the stream.
            record: The record, after stream maps.
            is_deletion: Whether the row is gone where it came from.
        """
        number = self._ledger.take()
        person = applicant(record, self._settings.webinar_key, self._settings.organizer_key)
        reason = self._check_fields(stream, record) or person.problem
        if is_deletion:
            self._answer(number, stream, _skipped(person, "the row was deleted where it came from"))
        elif reason is not None:
            self._answer(number, stream, RegistrationResult.of(person, Outcome.REJECTED, description=reason))
        elif self._settings.dry_run:
            self._report.note_would_be_sent(person.webinar_key or "", person.content)
            self._answer(number, stream, _skipped(person, "dry run: would be sent"))
        else:
            organizer = person.organizer_key or self._owner_key
            self._lanes.add(Registration(number, stream, person, self._registrar, organizer))
            while self._lanes.jobs >= MAX_JOBS:
                self._attend()

    def check_schema(self, stream: str, names: Iterator[str]) -> None:
        """Look at the fields that a stream declares.

        Raises:
            GoToWebinarError: one of them is not sent, and `strict_fields` wants them all.
        """
        unknown = unknown_fields(names)
        if unknown and self._settings.strict_fields:
            msg = (
                f"'{stream}' has fields that GoTo does not take ({mask_names(unknown)}): drop or rename them with "
                "stream_maps, or leave strict_fields out"
            )
            raise GoToWebinarError(msg)

    def state(self, value: Any) -> None:  # noqa: ANN401 - whatever the tap says
        """Pass a STATE on as soon as everything before it has been answered for."""
        self._ledger.state(json.dumps(value).encode())
        self._pass_on()

    def settle(self) -> None:
        """Wait until everybody has been answered for."""
        while self._lanes.jobs:
            self._attend()

    def leave(self) -> None:
        """Send nothing more, and answer for whom GoTo answers in time.

        Raises:
            OutputError: results or STATE cannot be written.
        """
        waiting = self._lanes.jobs
        under_way = self._lanes.close()
        self._report.unsent += waiting - under_way
        until = time.monotonic() + GRACE
        while self._lanes.jobs and (seconds := until - time.monotonic()) > 0:
            try:
                job = self._inbox.wait(seconds)
                if job is not None:
                    self._record(job)
            except (queue.Empty, GoToWebinarError):
                continue
        self._report.unsent += self._lanes.jobs

    def close(self) -> None:
        """Close what is open."""
        self._connection.close()
        if self._results is not None:
            self._results.close()

    @functools.cached_property
    def _owner_key(self) -> str:
        """The organizer the token belongs to; one look-up for all records that do not say."""
        look_up = functools.partial(self._connection.get, tally=self._report.tally, refusals=NO_IDENTITY)
        with self._stop_signals.waiting():
            owner = owner_of_token(look_up)
        if owner is None:
            msg = (
                "GoTo does not tell this token which organizer it belongs to: set organizer_key, "
                "or give the OAuth client the scope identity:scim.me"
            )
            raise GoToWebinarError(msg)
        return str(owner["organizerKey"])

    def _check_fields(self, stream: str, record: Mapping[str, Any]) -> str | None:
        """Return why a record cannot be sent for its fields; else leave out those that GoTo does not take."""
        unknown = unknown_fields(record)
        if unknown and self._settings.strict_fields:
            return f"fields that GoTo does not take: {mask_names(unknown)}"
        self._report.note_unknown(stream, unknown)
        return None

    def _attend(self) -> None:
        """Wait for something to come, and answer for the person if it is a call that is done."""
        job = self._inbox.wait()
        if job is not None:
            self._record(job)

    def _record(self, job: Job) -> None:
        assert isinstance(job, Registration)  # noqa: S101 - tells the type checker
        self._lanes.done(job)
        try:
            result = job.result()
        except RetriesExhaustedError as error:
            self._give_up(job, error)
            return
        self._unanswered_in_a_row = 0
        self._answer(job.number, job.stream, result)

    def _give_up(self, job: Registration, error: RetriesExhaustedError) -> None:
        """Keep back every later STATE: whether the person is registered is not known.

        Raises:
            GoToWebinarError: it was not the first in a row.
        """
        self._report.unanswered += 1
        self._unanswered_in_a_row += 1
        self._write(job.stream, _skipped(job.applicant, f"not answered, the next run sends it again: {error}"))
        if self._unanswered_in_a_row >= MAX_UNANSWERED:
            msg = f"GoTo does not answer, {MAX_UNANSWERED} times in a row; stopped ({error})"
            raise GoToWebinarError(msg)

    def _answer(self, number: int, stream: str, result: RegistrationResult) -> None:
        """Record what became of somebody, then pass on the STATE that waited for it."""
        self._write(stream, result)
        self._ledger.answered(number)
        self._pass_on()

    def _write(self, stream: str, result: RegistrationResult) -> None:
        if self._results is not None:
            self._results.write(result)
        self._report.note(stream, result)

    def _pass_on(self) -> None:
        state = self._ledger.pass_on()
        # After a dry run nobody is registered yet: the next run has to get them all.
        if state is not None and not self._settings.dry_run:
            self._output.write_state(state)


def _skipped(person: Applicant, reason: str) -> RegistrationResult:
    return RegistrationResult.of(person, Outcome.SKIPPED, description=reason)
