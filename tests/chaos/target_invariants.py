"""What must hold of every run of the target, whatever was done to it, and of all of them together."""

import itertools
import json
import re
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tests.chaos.concurrent_targets import NAMES, ROOM, Entry, Fate, State, TargetInput
from tests.chaos.invariants import PLANTED
from tests.chaos.outcome import STOPPED
from tests.chaos.target_run import Pair, TargetRun
from tests.schema_files import TARGET_SCHEMAS

SCHEMA: Final = TARGET_SCHEMAS["registration_result"]
FITS: Final = DEFAULT_JSONSCHEMA_VALIDATOR(SCHEMA)

PRIVATE: Final = re.compile(
    "|".join((*map(re.escape, (*PLANTED, *NAMES)), r"/join/\d", r"\b(access|refresh|client|secret|personal)-[0-9a-f]"))
)
"""What must not be in any log."""

FINAL: Final = frozenset({200, 201, 400, 404, 409})
"""Statuses that leave nothing to be asked again, where no fault has struck."""


def run_violations(run: TargetRun) -> Iterator[str]:
    broken = list(_whole_rows(run))
    yield from broken
    if not broken:
        yield from _rows_of_its_records(run)
        yield from _true_outcomes(run)
        yield from _states(run)
        yield from _calls(run)
    yield from _mails(run)
    yield from _exit_code(run)
    yield from _logs(run)
    if not run.is_struck and not run.signals:
        yield from _fair(run)


def campaign_violations(runs: Sequence[TargetRun], target_input: TargetInput) -> Iterator[str]:
    """Yield a line for each thing that went wrong in all runs together.

    Args:
        runs: Of them the last but one ended the input, and the last got it once more; nothing was done to these two.
        target_input: The input.
    """
    yield from _mended(runs)
    start, first_time, end = runs[0].before.people, runs[-2].after.people, runs[-1].after.people
    taken = {entry.person for entry in target_input.entries if entry.fate is Fate.TAKEN}
    perhaps = {entry.person for entry in target_input.entries if entry.fate is Fate.PERHAPS}
    # A rejection is an answer, and nobody is sent again for it.
    rejected = {pair.entry.person for run in runs[:-1] for pair in run.pairs if pair.outcome == "rejected"}
    for person in taken - first_time.keys() - rejected:
        yield f"{person} was lost"
    for person in taken - end.keys():
        yield f"{person} is not registered, although everybody was sent once more"
    for person in end.keys() - first_time.keys() - rejected:
        yield f"{person} was registered by a repetition"
    for person in end.keys() - start.keys() - taken - perhaps:
        yield f"{person} was registered and was not in the input"
    if len(perhaps & end.keys()) != min(ROOM, len(perhaps)):
        yield f"{len(perhaps & end.keys())} people are in a webinar with room for {ROOM}"
    if runs[-1].after.rows != len(end):
        yield f"{runs[-1].after.rows - len(end)} people are registered twice"
    sent = {(entry.person, *_content(entry.record)) for entry in target_input.entries if entry.fate.is_sent}
    for person in end.keys() - start.keys():
        if (person, *_content(end[person])) not in sent:
            yield f"{person} was registered as {end[person]}"


def _mended(runs: Sequence[TargetRun]) -> Iterator[str]:
    """A row that was cut off is not continued by the next one."""
    is_torn = False
    for number, run in enumerate(runs):
        if run.lines != [b""]:
            if is_torn and run.lines[0]:
                yield f"run {number} ({run}): a row was written behind one that was cut off"
            is_torn = bool(run.lines[-1])


def _content(fields: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(fields.get(name) for name in ("firstName", "lastName", "city"))


def _whole_rows(run: TargetRun) -> Iterator[str]:
    """Each line of the results is a whole row; the last one may be cut off by a full disk or by the kernel.

    A process that is killed writes to the end of a page of the file only.
    """
    *lines, rest = run.lines
    if rest and not run.is_full and run.exit_code != -signal.SIGKILL:
        yield f"the results end in the middle of a row: {rest[-80:]!r}"
    for line in filter(None, lines):
        try:
            row = json.loads(line)
        except ValueError:
            yield f"a line of the results is no row: {line[:200]!r}"
            continue
        if problem := next(FITS.iter_errors(row), None):
            yield f"a row does not fit its schema: {problem.message}"
        elif row.keys() != SCHEMA["properties"].keys():
            yield f"a row has the fields {sorted(row)}"


def _rows_of_its_records(run: TargetRun) -> Iterator[str]:
    """The rows of a webinar are those of its records, in their order, as far as the run came."""
    for row in run.strangers():
        yield f"a row is about nobody of the input: {row}"
    for sequence, given in run.sequences.items():
        expected = [(entry.email, entry.webinar) for _, entry in given]
        rows = [(row["email"], row["webinarKey"]) for row in run.fetch_rows(sequence)]
        if rows != expected[: len(rows)]:
            wrong = next((pair for pair in itertools.zip_longest(rows, expected) if pair[0] != pair[1]), None)
            yield f"the rows of {sequence} are not in the order of its records: (row, record) {wrong}"


def _true_outcomes(run: TargetRun) -> Iterator[str]:
    answered = Counter(pair.entry.person for pair in run.pairs)
    asked = Counter(item.person for item in run.given.items if isinstance(item, Entry) and item.fate.is_sent)
    rejected = Counter(pair.entry.person for pair in run.pairs if pair.outcome == "rejected")
    for person, count in rejected.items():
        if count == asked[person] == answered[person] and person in run.after.people.keys() - run.before.people.keys():
            yield f"{person} was registered by this run, and rejected by it"
    seen = set(run.before.people)
    for pair in sorted(run.pairs, key=lambda pair: pair.place):
        if problem := _untrue(run, pair, is_seen=pair.entry.person in seen):
            yield f"{problem}: {pair.entry.record} became {pair.row}"
        # Whoever was not answered for may be registered all the same.
        if pair.outcome != "rejected":
            seen.add(pair.entry.person)


def _untrue(run: TargetRun, pair: Pair, *, is_seen: bool) -> str | None:
    """Return what is wrong about a row; `is_seen`: the person was, or may have been, registered before."""
    entry, outcome = pair.entry, pair.outcome
    if outcome in {"rejected", "skipped"}:
        return _untrue_refusal(run, pair)
    if run.is_dry or entry.fate not in {Fate.TAKEN, Fate.PERHAPS}:
        return "nobody may be registered for this record"
    if outcome == "already_registered" and not is_seen:
        return "the person was not registered before"
    if outcome == "registered" and is_seen and not run.is_struck:
        return "the person was registered before"
    known = run.after.people.get(entry.person)
    return "nobody is registered" if known is None else _untrue_detail(run, pair, known)


def _untrue_detail(run: TargetRun, pair: Pair, known: Mapping[str, object]) -> str | None:
    for name in ("registrantKey", "joinUrl", "status"):
        # An answer that was broken on its way, and an address that is known, say less.
        may_lack = run.is_struck or (name == "status" and pair.outcome != "registered")
        if pair.row[name] != known.get(name) and not (may_lack and pair.row[name] is None):
            return f"{name} is {known.get(name)}"
    return None


def _untrue_refusal(run: TargetRun, pair: Pair) -> str | None:
    entry, said = pair.entry, pair.row["description"]
    if not said:
        return "it does not say why"
    if pair.outcome == "skipped":
        if entry.fate is Fate.DELETED or (run.is_dry and entry.fate.is_sent):
            return None if pair.is_answer else "it was never to be sent"
        is_unanswered = entry.fate.is_sent and run.is_struck and not pair.is_answer
        return None if is_unanswered else "nothing kept it from being sent"
    if entry.fate in {Fate.WRONG, Fate.REFUSED} or entry.webinar in run.refusing:
        return None
    if entry.fate is Fate.PERHAPS and sum(webinar == entry.webinar for webinar, _ in run.after.people) >= ROOM:
        return None
    return "GoTo has not refused anybody there"


def _states(run: TargetRun) -> Iterator[str]:
    """What is passed on is what came in, in its order, and never before the rows it stands for."""
    given = [(place, item.value) for place, item in enumerate(run.given.items) if isinstance(item, State)]
    if run.is_dry and run.passed:
        yield "a dry run has passed on a STATE"
    places = []
    for value in run.passed:
        place = next((place for place, known in given if known == value), None)
        if place is None:
            yield f"a STATE was passed on that never came in: {value!r}"
            return
        places.append(place)
    if places != sorted(set(places)):
        yield f"STATE was passed on in the order {places}"
    early = [place for place in range(max(places, default=0)) if isinstance(run.given.items[place], Entry)]
    if ahead := [place for place in early if place not in run.answered]:
        yield f"the STATE at {max(places)} was passed on before records {ahead} were answered for"
    ran_to_its_end = not run.signals and not run.is_dry and not run.is_full and run.exit_code == 0
    if ran_to_its_end and given and places[-1:] != [given[-1][0]]:
        yield f"the run went well and passed on {places[-1:]} of {given[-1][0]}"


def _calls(run: TargetRun) -> Iterator[str]:
    """Nobody is sent again who was answered for; a dry run calls nobody."""
    if run.is_dry and run.calls:
        yield f"a dry run made {len(run.calls)} calls"
    if not run.given.is_timely:
        return
    posts = [call for call in run.calls if call["method"] == "POST" and call["path"].endswith("/registrants")]
    final = Counter(call["path"].split("/")[-2] for call in posts if not call["fault"] and call["status"] in FINAL)
    for sequence, count in final.items():
        rows = len(run.fetch_rows(sequence))
        # When a run ends, one answer is being recorded and the next call is on its way.
        if count > min(rows + 2, len(run.sequences.get(sequence, ()))):
            yield f"{count} answers for {sequence} came of {rows} rows"


def _mails(run: TargetRun) -> Iterator[str]:
    """Who is registered gets one mail; with `resend_confirmation`, nobody gets more than there are records of them."""
    sent = run.after.mails - run.before.mails
    newcomers = Counter(run.after.people.keys() - run.before.people.keys())
    allowed, resends = newcomers, run.given.settings["resend_confirmation"]
    if resends:
        allowed = Counter(item.person for item in run.given.items if isinstance(item, Entry) and item.fate.is_sent)
    # A call that seemed to be lost may come in when another one has been made for it.
    if (too_many := sent - allowed) and (run.given.is_timely or not resends):
        yield f"too many mails went out: {dict(too_many)}"
    if too_few := newcomers - sent:
        yield f"no mail went to {list(too_few)}"


def _exit_code(run: TargetRun) -> Iterator[str]:
    code = run.exit_code
    is_rejected = any(row["outcome"] == "rejected" for row in run.rows)
    if code == 0:
        if run.given.is_torn or not run.is_answered:
            missing = sum(isinstance(item, Entry) for item in run.given.items) - len(run.answered)
            yield f"it ended with 0, and {missing} records are not answered for"
        if is_rejected and run.given.settings["on_rejection"] == "fail":
            yield "it ended with 0, and somebody was rejected"
    elif code == 1:
        if "| ERROR " not in run.said:
            yield f"it ended with 1 and did not say why: {run.said[-2000:]}"
    elif code in STOPPED:
        if code - 128 not in run.signals:
            yield f"it ended with {code}, and nobody asked for it"
    elif code != -signal.SIGKILL or signal.SIGKILL not in run.signals:
        yield f"it ended with {code}"


def _logs(run: TargetRun) -> Iterator[str]:
    if "Traceback" in run.said or "internal error" in run.said:
        yield f"it stumbled: {run.said[-3000:]}"
    if found := PRIVATE.search(run.said):
        yield f"its log holds {run.said[max(0, found.start() - 100) : found.end() + 20]!r}"


def _fair(run: TargetRun) -> Iterator[str]:
    """A run to which nothing was done answers for everybody, and registers them in their order."""
    is_rejected = any(row["outcome"] == "rejected" for row in run.rows)
    continues = run.given.settings["on_rejection"] == "continue"
    expected = int(run.given.is_torn or (is_rejected and not continues))
    if run.exit_code != expected and not run.is_full:
        yield f"nothing was done to it, and it ended with {run.exit_code}: {run.said[-2000:]}"
    if not run.is_answered and not run.is_full:
        yield "nothing was done to it, and not all are answered for"
    for sequence, given in run.sequences.items():
        newcomers = [person for person in run.after.people if person[0] == sequence and person not in run.before.people]
        order = [person for person in dict.fromkeys(entry.person for _, entry in given) if person in newcomers]
        if newcomers != order:
            yield f"the people of {sequence} were not registered in their order"
