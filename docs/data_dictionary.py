"""Writes the generated part of `data-dictionary.md` from schemas and streams: `python -m docs.data_dictionary`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.streams.organizers import Organizers
from tap_gotowebinar.streams.registrants import RegistrantRemovals, RosterStream
from tap_gotowebinar.streams.sessions import SessionChild, SessionPerformance, Sessions
from tap_gotowebinar.streams.webinar_parts import RegistrationFields, SmallWebinarStream
from tap_gotowebinar.streams.webinars import WebinarDetails, WebinarRemovals, Webinars
from tap_gotowebinar.tap import TapGoToWebinar

PAGE: Final = Path(__file__).with_name("data-dictionary.md")
MARK: Final = "<!-- Below this line the page is generated: python -m docs.data_dictionary -->\n"
Schema = dict[str, Any]
Stream = GoToWebinarStream

STREAMS: Final = [
    stream
    for stream in TapGoToWebinar(config={}, validate_config=False).discover_streams()
    if isinstance(stream, GoToWebinarStream)
]
"""All of them, in the order in which they are read."""

ROW: Final = "One row per "
EVERY_RUN, WHEN_CHANGED = "every row, in every run", "new and changed rows"
UPDATED: Final[dict[type, str]] = {
    Organizers: EVERY_RUN,
    Webinars: EVERY_RUN,
    WebinarDetails: WHEN_CHANGED,
    RosterStream: WHEN_CHANGED,
    RegistrationFields: WHEN_CHANGED,
    Sessions: WHEN_CHANGED,
    SessionPerformance: WHEN_CHANGED,
    WebinarRemovals: "a row when a webinar disappears",
    RegistrantRemovals: "a row when a registrant disappears",
    SmallWebinarStream: "all rows of a webinar, when one has changed",
    SessionChild: "all rows of a session, when one has changed",
}
"""Which rows a run emits, by class; a stream takes the entry of its nearest base class."""

JOINED: Final = ("sessions", "registrants", "webinars", "organizers", "attendees", "polls", "surveys")
"""Streams that others join to, by their primary keys."""

NOTES: Final = {
    "webinars": "Times are in UTC; `timeZone` is the time zone of the webinar, so that you can work out "
    "[its local day](tasks.md#get-the-local-day-of-a-webinar). The row of a cancelled webinar stays.",
    "registrants": "Whoever has `joinUrl` can join as this person. The row of a person who cancelled stays, and "
    "`registrant_removals` gets one: GoTo has no status for it.",
    "registrant_details": "Whoever has `joinUrl` can join as this person. `responses` can hold personal data.",
    "registrant_removals": "The row stays when the person registers again: compare `removedAt` with "
    "`registrants.registrationDate`.",
    "webinar_removals": "If a webinar is listed again and disappears again, its row is updated.",
    "sessions": "A practice session before the webinar is a session, too, usually without attendees.",
    "session_performance": "GoTo computes these figures; they can differ from what you count in `attendees`.",
    "questions": "`askedBy` is an e-mail address; it joins to `registrants.email` within the same webinar.",
    "attendees": "A row with `attendanceTimeInSeconds` 0 is not attendance: count people with at least 1 second. A "
    "person who attends several sessions of a webinar has a row for each.",
    "attendee_polls": "Off by default: it costs one call per attendee.",
    "attendee_surveys": "Off by default: it costs one call per attendee.",
}
"""What a person who queries a table has to know, and no column says."""


def row_of(stream: Stream) -> str:
    """Return what one row is, as a phrase that follows "one row per"."""
    described: str = stream.schema["description"]
    return described.removeprefix(ROW).removesuffix(".")


def updated(stream: Stream) -> str:
    """Return which rows of a stream a run emits."""
    return next(UPDATED[base] for base in type(stream).__mro__ if base in UPDATED)


def key_of(stream: Stream) -> str:
    """Return the primary key of a stream, each column as code."""
    return ", ".join(f"`{name}`" for name in stream.primary_keys)


def joins(stream: Stream) -> dict[str, tuple[str, ...]]:
    """Return the streams that a stream joins to, each with the columns that both have."""
    columns = stream.schema["properties"].keys()
    keys = {other.name: tuple(other.primary_keys) for other in STREAMS if other.name in JOINED}
    return {name: keys[name] for name in JOINED if name != stream.name and columns >= set(keys[name])}


def parents(stream: Stream) -> list[str]:
    """Return the streams that a stream joins to directly: those that no other of them joins to."""
    streams = {other.name: other for other in STREAMS}
    direct = joins(stream)
    return [name for name in direct if not any(name in joins(streams[other]) for other in direct)]


def diagram() -> Iterator[str]:
    """Yield the lines of an entity-relationship diagram of all streams."""
    keys = {stream.name: tuple(stream.primary_keys) for stream in STREAMS}
    yield from ("```mermaid", "erDiagram")
    for stream in STREAMS:
        for parent in parents(stream):
            many = "|" if keys[parent] == keys[stream.name] else "{"
            yield f"  {parent} ||--o{many} {stream.name} : has"
    for stream in STREAMS:
        yield from (f"  {stream.name} {{", *(f"    text {key} PK" for key in stream.primary_keys), "  }")
    yield "```"


def section(stream: Stream) -> Iterator[str]:
    """Yield the lines about one stream."""
    yield from (f"## {stream.name}", "", stream.schema["description"], "")
    yield f"- **Key**: {key_of(stream)}"
    yield f"- **A run emits**: {updated(stream)}"
    if found := joins(stream):
        yield "- **Joins to**: " + "; ".join(
            f"`{name}` on {', '.join(f'`{key}`' for key in keys)}" for name, keys in found.items()
        )
    yield f"- **Source**: `{stream.path}`"
    if stream.name in NOTES:
        yield f"- **Note**: {NOTES[stream.name]}"
    yield from ("", "| Column | Type | Meaning |", "|---|---|---|")
    yield from (f"| `{path}` | {kind} | {meaning} |" for path, kind, meaning in columns_of(stream.schema))
    yield ""


def columns_of(schema: Schema, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield path, type and meaning of each column, and of the fields inside objects and lists."""
    for name, declared in schema["properties"].items():
        path = f"{prefix}{name}"
        yield path, type_of(declared), declared["description"]
        if "properties" in declared:
            yield from columns_of(declared, f"{path}.")
        elif "properties" in declared.get("items", {}):
            yield from columns_of(declared["items"], f"{path}[].")


def type_of(declared: Schema) -> str:
    """Return the type of a column in one word."""
    if declared.get("format") == "date-time":
        return "time"
    types = [declared["type"]] if isinstance(declared["type"], str) else declared["type"]
    return {"string": "text", "array": "list"}.get(types[0], types[0])


def generated() -> str:
    """Return the generated part of the page."""
    lines = [*diagram(), ""]
    for stream in STREAMS:
        lines += section(stream)
    return "\n".join(lines)


def main() -> None:
    """Write the generated part, below the mark."""
    written, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{written}{mark}\n{generated()}", encoding="utf-8")


if __name__ == "__main__":
    main()
