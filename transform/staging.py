"""Writes the sources and the staging models from `schemas/`: `python -m transform.staging`.

There is a model for each stream and for each list inside a row. A column is a field of the schema under a name in the
style of dbt, with the description of the schema.
"""

import importlib.resources
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).parents[1]
SCHEMAS: Final = importlib.resources.files("tap_gotowebinar.schemas")
FOLDER: Final = Path("transform/models/staging")
Schema = dict[str, Any]

# These schemas are not of streams of the tap.
OF_THE_TARGET: Final = {"new_registrant", "registration_result"}

MODELS_OF_LISTS: Final = {
    "attendee_polls.answers": "attendee_poll_answers",
    "attendee_surveys.answers": "attendee_survey_answers",
    "attendees.attendance": "attendance_intervals",
    "organizers.accounts": "organizer_accounts",
    "polls.responses": "poll_answers",
    "questions.answers": "question_answers",
    "registrant_details.responses": "registration_answers",
    "registration_fields.fields": "registration_form_fields",
    "registration_fields.questions": "registration_form_questions",
    "surveys.responses": "survey_answers",
    "webinar_details.times": "webinar_coming_dates",
    "webinars.times": "webinar_dates",
}

NAMES: Final = {
    "answerTime": "answered_at",
    "attendanceTimeInSeconds": "seconds_attended",
    "attendee_polls.dateAsked": "asked_at_as_written",
    "attendee_surveys.dateAsked": "asked_at_as_written",
    "createTime": "created_at",
    "dateAsked": "asked_at",
    "endTime": "ended_at",
    "followupEmailTriggered": "is_followup_email_sent",
    "includeCertificate": "has_certificate",
    "isOndemand": "is_on_demand",
    "joinTime": "joined_at",
    "leaveTime": "left_at",
    "registrationDate": "registered_at",
    "removedAt": "removed_at",
    "responses.percentage": "percent",
    "responses.text": "answer",
    "startTime": "started_at",
    "times.endTime": "planned_end_at",
    "times.startTime": "planned_start_at",
    "verifyHumanRegistrant": "is_human_verified",
}

# In front of the names of fields that lie in an object; else it is the name of the object.
PREFIXES: Final = {"attendance": "", "pollsAndSurveys": ""}

LOADED_AT: Final = "When the loader wrote the row, in UTC; null without its metadata columns."


SOURCES: Final = """\
version: 2

sources:
  - name: gotowebinar
    description: What tap-gotowebinar and a loader put into the warehouse.
    loader: Meltano
    database: "{{ var('gotowebinar_database', target.database) }}"
    schema: "{{ var('gotowebinar_schema', env_var('GOTOWEBINAR_SCHEMA', 'gotowebinar')) }}"
    tables:
      - name: webinars
        config:
          loaded_at_field: _sdc_batched_at
          # Every run sends the webinars; the other streams, which send only changes, are never stale.
          freshness:
            warn_after: {count: 1, period: day}
            error_after: {count: 3, period: day}
"""
"""The file of the sources up to the webinars; the other streams follow."""


@dataclass(frozen=True)
class Column:
    """A column of a model: its name, the expression it is and what it means."""

    name: str
    expression: str
    description: str
    is_key: bool = False


@dataclass(frozen=True)
class Model:
    """A staging model; `source` is the stream and, for a list inside its rows, the name of the list."""

    name: str
    source: tuple[str, str]
    columns: tuple[Column, ...]

    def sql(self) -> str:
        """The SELECT."""
        stream, inside = self.source
        lines = ",\n".join(f"    {{{{ {column.expression} }}}} as {column.name}" for column in self.columns)
        elements = f", {{{{ gotowebinar.elements(loaded, '{inside}') }}}}" if inside else ""
        return (
            f"{{%- set loaded = gotowebinar.stream('{stream}') -%}}\n\n"
            f"select\n{lines}\nfrom {{{{ loaded.rows }}}}{elements}\n"
        )

    def properties(self) -> str:
        """The entry in the YAML file: descriptions, and a test of the key."""
        stream, inside = self.source
        what = f"The list `{inside}` in the rows of the stream `{stream}`" if inside else f"The stream `{stream}`"
        keys = [column.name for column in self.columns if column.is_key]
        lines = [f"  - name: {self.name}", f"    description: {what}, with names in the style of this package."]
        if not inside:
            lines += ["    data_tests:", f"      - primary_key: {{arguments: {{columns: [{', '.join(keys)}]}}}}"]
        lines.append("    columns:")
        for column in self.columns:
            lines += [
                f"      - name: {column.name}",
                f"        description: {json.dumps(column.description, ensure_ascii=False)}",
            ]
        return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
    """Everything this program writes: paths inside the repository and their contents."""
    every = models()
    others = "".join(f"      - name: {stream}\n" for stream in schemas() if stream != "webinars")
    properties = "version: 2\n\nmodels:\n" + "".join(model.properties() for model in every)
    return {
        FOLDER / "src_gotowebinar.yml": SOURCES + others,
        FOLDER / "stg_gotowebinar.yml": properties,
        **{FOLDER / f"{model.name}.sql": model.sql() for model in every},
    }


def models() -> list[Model]:
    """The staging models, in the order of their names."""
    found = []
    for stream, properties in schemas().items():
        columns: list[Column] = []
        keys: list[Column] = []
        for name, schema in properties.items():
            if name in nested(schema) or "array" not in schema["type"]:
                columns += columns_of(stream, name, schema)
        keys = [column for column in columns if column.is_key]
        loaded = Column("loaded_at", "gotowebinar.timestamp(loaded, '_sdc_batched_at')", LOADED_AT)
        found.append(Model(f"stg_gotowebinar__{stream}", (stream, ""), (*columns, loaded)))
        for name, schema in properties.items():
            if "array" in schema["type"]:
                model = MODELS_OF_LISTS[f"{stream}.{name}"]
                inside = tuple(columns_of_elements(name, schema))
                found.append(Model(f"stg_gotowebinar__{model}", (stream, name), (*keys, *inside)))
    return sorted(found, key=lambda model: model.name)


def schemas() -> dict[str, Schema]:
    """The properties of each stream."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["properties"]
        for path in sorted(Path(str(SCHEMAS)).glob("*.json"))
        if path.stem not in OF_THE_TARGET
    }


def nested(schema: Schema) -> Schema:
    """The fields of an object; those of anything else are none."""
    fields: Schema = schema.get("properties", {}) if "object" in schema["type"] else {}
    return fields


def columns_of(stream: str, name: str, schema: Schema) -> list[Column]:
    """The column of a field, or those of the fields of an object."""
    if fields := nested(schema):
        prefix = PREFIXES.get(name, f"{snake(name)}_")
        return [
            Column(
                prefix + named(name, field, inner),
                f"gotowebinar.nested_{kind(inner)}(loaded, '{name}', '{field}')",
                inner["description"],
            )
            for field, inner in fields.items()
        ]
    expression = f"gotowebinar.{kind(schema)}(loaded, '{name}')"
    return [Column(named(stream, name, schema), expression, schema["description"], is_key=schema["type"] == "string")]


def columns_of_elements(name: str, schema: Schema) -> list[Column]:
    """The columns of a list: the fields of its elements, or the element itself."""
    elements = schema["items"]
    fields = elements.get("properties")
    if fields is None:
        return [Column("answer", "gotowebinar.element()", "One of the answers.")]
    return [
        Column(named(name, field, inner), f"gotowebinar.element_{kind(inner)}('{field}')", inner["description"])
        for field, inner in fields.items()
    ]


def kind(schema: Schema) -> str:
    """What macros call the type; a list inside a list stays JSON, as a text."""
    if schema.get("format") == "date-time":
        return "timestamp"
    (name,) = {schema["type"]} if isinstance(schema["type"], str) else {*schema["type"]} - {"null"}
    return {"string": "text", "array": "text", "object": "text", "number": "float"}.get(name, str(name))


def named(owner: str, field: str, schema: Schema) -> str:
    """The name of a column: what `NAMES` says, else the field in snake case, and `is_` before what is true or false."""
    for known in (f"{owner}.{field}", field):
        if known in NAMES:
            return NAMES[known]
    name = snake(field)
    asks = name.startswith(("is_", "has_")) or name.endswith("_allowed")
    return name if asks or kind(schema) != "boolean" else f"is_{name}"


def snake(name: str) -> str:
    """`webinarKey` and `webinarID` as `webinar_key` and `webinar_id`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def main() -> None:
    """Write the files, and remove models that are no longer any."""
    written = files()
    for path in (REPOSITORY / FOLDER).glob("*"):
        if FOLDER / path.name not in written:
            path.unlink()
    for path, text in written.items():
        (REPOSITORY / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
