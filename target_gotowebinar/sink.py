"""The sink: registers people in the order of the input, several at a time, and records each result.

Threads read the input and make the calls. Only the main thread writes results and STATE, and counts.
"""

import concurrent.futures
import contextlib
import functools
import json
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, Final

from singer_sdk import RecordSink
from singer_sdk.target_base import Target
from typing_extensions import override

from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.api.errors import GoToWebinarError, RetriesExhaustedError
from tap_gotowebinar.api.identity import NO_IDENTITY, owner_of_token
from tap_gotowebinar.api.redaction import mask_names
from tap_gotowebinar.singer.signals import StopSignals
from tap_gotowebinar.singer.writer import MessageWriter
from target_gotowebinar.input import read_lines
from target_gotowebinar.payload import NewRegistrant, parse_registrant, unknown_fields
from target_gotowebinar.pending import PendingRegistrations, Registration
from target_gotowebinar.registration import RegistrantClient
from target_gotowebinar.report import Report
from target_gotowebinar.results import Outcome, RegistrationResult, ResultsFile
from target_gotowebinar.settings import Settings

MAX_UNANSWERED: Final = 3
"""Maximum of people in a row without a result; then the run ends."""

SHUTDOWN_GRACE: Final = 1.0
"""Seconds for the calls in progress when a run ends early."""


class RegistrantSink(RecordSink):
    """Submits the records of a stream to the registrations."""

    @override
    def __init__(self, target: Target, stream_name: str, schema: dict[str, Any], key_properties: Any) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._registrations: Registrations = target.registrations  # type: ignore[attr-defined]  # TargetGoToWebinar has it
        self._registrations.check_schema(stream_name, schema["properties"])
        # Records are checked when submitted. With the schema, the SDK would convert dates, and log values.
        self.schema = {"properties": {}, "additionalProperties": True}

    @override
    def get_validator(self) -> None:
        """None: a record that does not fit its own schema gets its result like any other."""
        return

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        self._registrations.submit(self.stream_name, record)


class Registrations:
    """All registrations of a run.

    Attributes:
        is_deletion: Whether the current record is that of a deleted row; stream maps may drop its mark.
    """

    def __init__(
        self, settings: Settings, client: ApiClient, report: Report, output: MessageWriter, stop_signals: StopSignals
    ) -> None:
        """Open the file of results, or raise OutputError; nothing is sent before the first record."""
        self.is_deletion = False
        self._settings = settings
        self._api = client
        self._report = report
        self._output = output
        self._stop_signals = stop_signals
        self._client = RegistrantClient(client, report.stats, settings.resend_confirmation)
        self._pending = PendingRegistrations()
        self._busy: set[str | None] = set()
        self._events: queue.SimpleQueue[Registration | list[bytes] | Exception | None] = queue.SimpleQueue()
        self._wanted = threading.Semaphore()
        self._unanswered_in_a_row = 0
        self._results = ResultsFile(settings.results_path) if settings.results_path else None

    def lines(self, source: IO[str] | None) -> Iterator[bytes]:
        """Yield the lines of a file or of standard input; between them, record the results of calls that have ended.

        Raises:
            StopRequested: a signal has come.
            Exception: the input cannot be read.
        """
        threading.Thread(target=self._read, args=(source,), daemon=True, name="input").start()
        while (event := self._next_event()) is not None:
            if isinstance(event, Exception):
                raise event
            if isinstance(event, Registration):
                self._finish(event)
                continue
            for line in event:
                while self._pending.is_full or not self._events.empty():
                    self._finish_next()
                yield line
            self._wanted.release()

    def submit(self, stream: str, record: Mapping[str, Any]) -> None:
        """Register the person in a record, after everybody before for the same webinar."""
        person = parse_registrant(record, self._settings.webinar_key, self._settings.organizer_key)
        reason = self._check_fields(stream, record) or person.problem
        if self.is_deletion:
            self._write(stream, _skipped(person, "the row was deleted at its source"))
        elif reason is not None:
            self._write(stream, RegistrationResult(person, Outcome.REJECTED, description=reason))
        elif self._settings.dry_run:
            self._report.note_dry_run(person.webinar_key or "", person.content)
            self._write(stream, _skipped(person, "dry run: would be sent"))
        else:
            self._pending.append(Registration(stream, person, person.organizer_key or self._owner_key))
            self._start_calls()

    def check_schema(self, stream: str, names: Iterable[str]) -> None:
        """Check the fields that a stream declares; `strict_fields` raises GoToWebinarError for one that is unknown."""
        unknown = unknown_fields(names)
        if unknown and self._settings.strict_fields:
            msg = (
                f"'{stream}' has fields that GoTo does not take ({mask_names(unknown)}): drop or rename them with "
                "stream_maps, or leave strict_fields out"
            )
            raise GoToWebinarError(msg)

    def add_state(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """Forward a STATE once the result of everybody before it is known."""
        self._forward_state(self._pending.add_state(json.dumps(value).encode()))

    def drain(self) -> None:
        """Wait until the result of everybody is known."""
        self._start_calls()
        while self._pending:
            self._finish_next()

    def abort(self) -> None:
        """Start no further call, and record the results of those that end in time."""
        pending = [*self._pending]
        running = [registration.result for registration in pending if registration.result.running()]
        concurrent.futures.wait(running, timeout=SHUTDOWN_GRACE)
        for registration in pending:
            if registration.result.done():
                # The run is ending already, for another reason.
                with contextlib.suppress(Exception):
                    self._record(registration)
            else:
                self._report.unsent += 1

    def close(self) -> None:
        """Close the connections and the file of results."""
        self._api.close()
        if self._results is not None:
            self._results.close()

    @functools.cached_property
    def _owner_key(self) -> str:
        """The organizer the token belongs to, looked up once for all records that name none."""
        get = functools.partial(self._api.get, stats=self._report.stats, forbidden_statuses=NO_IDENTITY)
        with self._stop_signals.waiting():
            owner = owner_of_token(get)
        if owner is None:
            msg = (
                "GoTo does not tell this token which organizer it belongs to: set organizer_key, "
                "or give the OAuth client the scope identity:scim.me"
            )
            raise GoToWebinarError(msg)
        return str(owner["organizerKey"])

    def _check_fields(self, stream: str, record: Mapping[str, Any]) -> str | None:
        """Return why `strict_fields` rejects a record; without it, count the unknown fields."""
        unknown = unknown_fields(record)
        if unknown and self._settings.strict_fields:
            return f"fields that GoTo does not take: {mask_names(unknown)}"
        self._report.note_unknown_fields(stream, unknown)
        return None

    def _read(self, source: IO[str] | None) -> None:
        """Read the input as the main thread asks for it; runs in its own thread."""
        end: Exception | None = None
        try:
            for lines in read_lines(source):
                self._wanted.acquire()
                self._events.put(lines)
        except Exception as error:  # noqa: BLE001 - the main thread raises it
            end = error
        self._wanted.acquire()
        self._events.put(end)

    def _start_calls(self) -> None:
        """Start as many calls as allowed, in the order of the input, one at a time for each webinar."""
        for registration in self._pending:
            if len(self._busy) >= self._settings.connection.max_concurrency:
                return
            if registration.person.webinar_key not in self._busy:
                self._busy.add(registration.person.webinar_key)
                registration.start(self._client, self._events.put)

    def _next_event(self) -> Registration | list[bytes] | Exception | None:
        """Wait for lines, a call that has ended, an error of the input, or its end (None).

        Raises:
            StopRequested: a signal has come.
        """
        with self._stop_signals.waiting():
            return self._events.get()

    def _finish_next(self) -> None:
        """Wait until a call has ended; lines that arrive when the run is about to end are ignored."""
        event = self._next_event()
        while not isinstance(event, Registration):
            event = self._next_event()
        self._finish(event)

    def _finish(self, registration: Registration) -> None:
        self._busy.remove(registration.person.webinar_key)
        self._record(registration)
        self._start_calls()

    def _record(self, registration: Registration) -> None:
        """Record a result, then forward the STATE that waited for it.

        Raises:
            GoToWebinarError: the run cannot continue, or there were several calls in a row without a result.
        """
        error = registration.result.exception()
        if error is None:
            self._unanswered_in_a_row = 0
            self._write(registration.stream, registration.result.result())
            self._forward_state(self._pending.finish(registration))
            return
        self._pending.give_up(registration)
        if not isinstance(error, RetriesExhaustedError):
            raise error
        self._report.unanswered += 1
        self._unanswered_in_a_row += 1
        description = f"not answered, the next run sends it again: {error}"
        self._write(registration.stream, _skipped(registration.person, description))
        if self._unanswered_in_a_row >= MAX_UNANSWERED:
            msg = f"GoTo does not answer, {MAX_UNANSWERED} times in a row; stopped ({error})"
            raise GoToWebinarError(msg)

    def _write(self, stream: str, result: RegistrationResult) -> None:
        if self._results is not None:
            self._results.write(result)
        self._report.note(stream, result)

    def _forward_state(self, state: bytes | None) -> None:
        # A dry run registers nobody: the next run must get the same records.
        if state is not None and not self._settings.dry_run:
            self._output.write_line(state)


def _skipped(person: NewRegistrant, reason: str) -> RegistrationResult:
    return RegistrationResult(person, Outcome.SKIPPED, description=reason)
