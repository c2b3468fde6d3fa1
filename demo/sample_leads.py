"""A table of leads in PostgreSQL, and the smallest tap that reads it: the source of the people the demo registers.

In a project of your own it is tap-postgres; its pinned libraries do not go into one environment with target-postgres.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, LiteralString

import psycopg
from psycopg.rows import dict_row
from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.helpers.types import Context
from typing_extensions import override

from demo.postgres import Postgres
from tap_gotowebinar.settings.connection import DISTRIBUTION

TABLE: Final = """
create table if not exists leads (id serial primary key, mail text, given text, family text, company text, webinar text)
"""

ADD: Final = "insert into leads (mail, given, family, company, webinar) values (%s, %s, %s, %s, %s)"

NEWER: Final[LiteralString] = "select * from leads where id > %s order by id"

MAPS: Final = {
    "leads": {
        "email": "mail",
        "firstName": "given",
        "lastName": "family",
        "organization": "company",
        "webinarKey": "webinar",
        "__else__": None,
        "__key_properties__": ["webinarKey", "email"],
    }
}
"""The names of the columns at GoTo."""

PLUGIN: Final = """
    - name: tap-leads
      namespace: tap_leads
      executable: {executable}
      capabilities: [catalog, discover, state]
      settings: [{{name: dsn, sensitive: true}}]
"""

SCRIPT: Final = """#!{python}
import sys
sys.path.insert(0, {repository!r})
from demo.sample_leads import TapLeads
TapLeads.cli()
"""


class Leads(Stream):
    """The rows added since the last run."""

    name = "leads"
    primary_keys: ClassVar[Sequence[str]] = ("id",)
    replication_key = "id"
    is_sorted = True
    schema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True),
        *(th.Property(name, th.StringType) for name in ("mail", "given", "family", "company", "webinar")),
    ).to_dict()

    @override
    def get_records(self, context: Context | None) -> Iterable[dict[str, Any]]:
        last = self.get_starting_replication_key_value(context) or 0
        with psycopg.connect(self.config["dsn"], row_factory=dict_row) as connection:
            yield from connection.execute(NEWER, [last])


class TapLeads(Tap):
    """Reads the table."""

    name = "tap-leads"
    package_name = DISTRIBUTION
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("dsn", th.StringType, required=True, secret=True)
    ).to_dict()

    @override
    def discover_streams(self) -> list[Stream]:
        return [Leads(self)]


def write_leads(database: Postgres, webinar_key: str, people: Sequence[Sequence[str | None]]) -> None:
    """Create the table if necessary, and add people who are interested in a webinar.

    Args:
        database: Where to.
        webinar_key: Which webinar.
        people: E-mail address, first name, last name and company of each.
    """
    with psycopg.connect(database.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.executemany(ADD, [(*person, webinar_key) for person in people])


def plugin(folder: Path, python: str, repository: Path) -> str:
    """Write the program of the tap into a folder, and return its entry in meltano.yml."""
    path = folder / "tap-leads"
    path.write_text(SCRIPT.format(python=python, repository=str(repository)), encoding="utf-8")
    path.chmod(0o755)
    return PLUGIN.format(executable=path)
