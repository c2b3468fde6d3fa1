"""The demo: Meltano loads a sandbox into a real PostgreSQL, registers people from there, and draws pages of answers."""
# ruff: noqa: T201 - printing is what this program is for

import datetime as dt
import io
import os
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from types import FrameType
from typing import Any, Final, NamedTuple

from demo.keeping import keep
from demo.postgres import Postgres, PostgresError
from demo.programme import hold
from demo.project import REPOSITORY, WITHOUT_PROXY, MeltanoError, MissingProgramError, Project, temporary_project
from demo.queries import QUERIES
from demo.sample_leads import write_leads
from gotowebinar_sandbox import Control, Options, Sandbox

WORLD: Final = Options(seed=11, webinars=3, registrants=25, attendance=0.55)
RUN: Final = ("run", "tap-gotowebinar", "target-postgres")
ANSWERS: Final = ("run", "gotowebinar-answers")
PAGES: Final = REPOSITORY / "output" / "sandbox"
REGISTER: Final = ("run", "tap-leads", "target-gotowebinar")
LEADS: Final = (
    ("ada.berg@example.com", "Ada", "Berg", "Honey & Sons"),
    ("grace.moe@example.com", "Grace", "Moe", "Example GmbH"),
    ("zoe.park@example.org", "Zoë", "Park", None),
    ("li.na@example.org", "Na", "Li", "蜂蜜株式会社"),
    ("tove.dahl@example.com", "Tove", "Dahl", "Honey & Sons"),
)
APPROVALS: Final = 3
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What Meltano, tap and target print for machines or for their developers.
NOISE: Final = re.compile(
    r"METRIC|completed processing|Detected `__else__|Inserting with SQL|Skipping parse |Added '|Using \w+ state "
    r"|Reading state |Starting incremental sync|^\d{4}-|^\x1b\[0m\d\d:|^Rendered |\.html$|^$"
)
BUILT: Final = re.compile(r"(\d+) table models, (\d+) data tests")

TABLES: Final = ("registrants", "registrant_details")
PEOPLE: Final = """
select 'registrants', "webinarKey", "registrantKey", status, _sdc_sequence
from gotowebinar_sandbox.registrants
union all
select 'registrant_details', "webinarKey", "registrantKey", status, _sdc_sequence
from gotowebinar_sandbox.registrant_details
"""

LEADS_THERE: Final = """
select mail
from leads
join gotowebinar_sandbox.registrants on email = mail and "webinarKey" = webinar
join gotowebinar_sandbox.registrant_details using ("webinarKey", "registrantKey")
where organization is not distinct from company
"""

Keys = tuple[str, str]
"""webinarKey and registrantKey."""


class Row(NamedTuple):
    """A row of a registrant; `load` increases with each load."""

    table: str
    keys: Keys
    status: str
    load: int


class MismatchError(RuntimeError):
    """The database differs from the sandbox."""


def main() -> int:
    """Run the demo; the exit code is 0 if everything arrived, 1 if not, 128 + n after signal n."""
    for number in SIGNALS:
        signal.signal(number, leave)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True, errors="replace")
    os.environ.update(WITHOUT_PROXY)
    started = time.monotonic()
    try:
        demonstrate()
    except (PostgresError, MissingProgramError, MeltanoError, MismatchError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"\nDone in {time.monotonic() - started:.0f} seconds. Everything but the pages is stopped and removed.")
    return 0


def leave(number: int, _frame: FrameType | None) -> None:
    """Leave every `with` block; a second Ctrl-C does not interrupt that."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    print("\nStopping ...", file=sys.stderr)
    sys.exit(128 + number)


def demonstrate() -> None:
    """Load, query, register people and change data, load again, compare."""
    print("Starting a GoToWebinar made of made-up people, and a PostgreSQL ...")
    with (
        Sandbox(WORLD) as sandbox,
        Postgres() as database,
        temporary_project(sandbox.settings, database) as project,
    ):
        doomed = hold(sandbox.control)
        first_calls = load(project, sandbox.control)
        newest = max(row.load for row in people(database))
        changed = let_things_happen(project, database, sandbox.control)
        before = sandbox.control.expected_records()
        sandbox.control.cancel_webinar(doomed)
        print("And a webinar is cancelled.")
        second_calls = load(project, sandbox.control, ANSWERS)
        for table in TABLES:
            written = [row.keys for row in people(database) if row.table == table and row.load > newest]
            insist(written, changed, f"rows of {table} written by the second run")
        print(f"\nThe second run wrote exactly these {len(changed)} registrants, with their details.")
        print(f"It took {second_calls} API calls; the first took {first_calls}.")
        insist(database.query(LEADS_THERE), [lead[:1] for lead in LEADS], "leads among the registrants")
        print(f"All {len(LEADS)} leads went to GoToWebinar and came back as registrants.")
        compare(database, before)
        for question in QUERIES:
            show(question.text, question.answer(database))
        keep_pages(project)
        if os.environ.get("KEEP"):
            keep(project, database, sandbox, SIGNALS)


def load(project: Project, control: Control, words: Sequence[str] = RUN) -> int:
    """Run the pipeline once, and return the number of API calls."""
    control.reset_calls()
    printed = run(project, words)
    if built := BUILT.search(printed):
        print(f"\nBuilt {built[1]} models of the data, and all {built[2]} checks of it passed.")
    return sum(not call["path"].startswith("/oauth") for call in control.calls())


def run(project: Project, words: Sequence[str]) -> str:
    """Run a Meltano command, print the relevant part of its output, and return all of it."""
    print(f"\n$ meltano --environment=sandbox {' '.join(words)}")
    return project.meltano(*words, listen=lambda line: NOISE.search(line) or print(f"  {line}"))


def keep_pages(project: Project) -> None:
    """Copy the pages that were drawn, and print where they are."""
    shutil.copytree(project.folder / "output" / "sandbox", PAGES, dirs_exist_ok=True)
    print("\nLook at the answers:\n")
    for page in sorted(PAGES.glob("*.html"), reverse=True):
        print(f"  {page.as_uri()}")


def show(title: str, lines: Iterable[str]) -> None:
    """Print some lines under a title."""
    print(f"\n{title}\n", *(f"  {line}" for line in lines), sep="\n")


def let_things_happen(project: Project, database: Postgres, control: Control) -> list[Keys]:
    """Register leads for the next webinar, approve registrants of others, and return the keys of both."""
    expected = control.expected_records()
    now = dt.datetime.now(dt.UTC).isoformat()
    upcoming = min(
        (webinar for webinar in expected["webinars"] if webinar["times"][0]["startTime"] > now),
        key=lambda webinar: str(webinar["times"][0]["startTime"]),
    )
    print(f"\nNow {len(LEADS)} people in a table of leads are to be registered for “{upcoming['subject']}”.")
    write_leads(database, upcoming["webinarKey"], LEADS)
    run(project, REGISTER)
    known = {keys_of(registrant) for registrant in expected["registrants"]}
    added = [
        keys for registrant in control.expected_records()["registrants"] if (keys := keys_of(registrant)) not in known
    ]
    waiting = [keys_of(registrant) for registrant in expected["registrants"] if registrant["status"] == "WAITING"]
    approved = waiting[:APPROVALS]
    for webinar_key, registrant_key in approved:
        control.approve_registrant(webinar_key, registrant_key)
    print(f"\nAnd {len(approved)} who were waiting for another webinar are approved.")
    return added + approved


def people(database: Postgres) -> list[Row]:
    """Return the rows of both tables of registrants."""
    return [
        Row(table, (webinar_key, registrant_key), status, load)
        for table, webinar_key, registrant_key, status, load in database.query(PEOPLE)
    ]


def compare(database: Postgres, expected: dict[str, list[dict[str, Any]]]) -> None:
    """Compare the tables with the sandbox.

    Raises:
        MismatchError: they differ.
    """
    webinars = database.query('select "webinarKey" from gotowebinar_sandbox.webinars')
    insist(webinars, [(webinar["webinarKey"],) for webinar in expected["webinars"]], "webinars")
    registrants = [(keys_of(registrant), registrant["status"]) for registrant in expected["registrants"]]
    for table in TABLES:
        insist([(row.keys, row.status) for row in people(database) if row.table == table], registrants, table)
    print(f"PostgreSQL holds exactly what GoToWebinar had: {len(webinars)} webinars, {len(registrants)} registrants.")


def keys_of(registrant: dict[str, Any]) -> Keys:
    """What identifies a registrant."""
    return registrant["webinarKey"], registrant["registrantKey"]


def insist(found: Sequence[Hashable], expected: Sequence[Hashable], what: str) -> None:
    """Check that two lists are the same, whatever their order.

    Raises:
        MismatchError: they are not; the message says by how much.
    """
    missing, surplus = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    if missing or surplus:
        message = f"Not as it should be: of the {what}, {missing.total()} are missing and {surplus.total()} too many."
        raise MismatchError(message)


if __name__ == "__main__":
    sys.exit(main())
