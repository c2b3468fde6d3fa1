"""What goes over the wire: one class per object of the API, fields in GoTo's order, spelling and JSON types.

A field without a value is left out of the JSON. Source: API reference, sections 2.5, 5 and 6.
"""

from typing import Any

import msgspec


class Occurrence(msgspec.Struct, rename="camel", frozen=True):
    """One time a webinar takes place."""

    start_time: str
    end_time: str


class WebinarRow(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A webinar in a list (section 5.1): keys are strings, the id is ``webinarId``, the experience upper case.

    The last four are seen in live answers only (section 13).
    """

    webinar_key: str
    webinar_id: str
    organizer_key: str
    account_key: str
    omid: str
    subject: str
    description: str
    times: list[Occurrence]
    time_zone: str
    locale: str
    approval_type: str
    registration_url: str
    impromptu: bool
    is_password_protected: bool
    recurrence_type: str
    experience_type: str
    status: str | None = None
    recurrence_key: str | None = None
    registration_settings_key: str | None = None
    breakouts_allowed: bool | None = None


class ReplyTo(msgspec.Struct):
    """Who gets the answers to the mails of a webinar."""

    name: str
    email: str


class WebinarByKey(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A webinar asked for by key (section 5.2): two keys are numbers, the id is ``webinarID``, other fields differ.

    Those from ``name`` on are seen in live answers only (section 13).
    """

    webinar_key: int
    webinar_id: str = msgspec.field(name="webinarID")
    organizer_key: int
    account_key: str
    organizer_email: str
    organizer_name: str
    subject: str
    description: str
    times: list[Occurrence]
    time_zone: str
    registration_url: str
    in_session: bool
    impromptu: bool
    is_password_protected: bool
    type: str
    recurrence_period: str
    number_of_registrants: int
    registration_limit: int
    locale: str
    experience_type: str
    name: str | None = None
    reply_to: ReplyTo | None = None
    is_ondemand: bool | None = None
    broadcast: bool | None = None
    pending_registrants: int | None = None
    denied_registrants: int | None = None
    breakouts_allowed: bool | None = None
    is_main_organizer_active: bool | None = None
    has_disclaimer: bool | None = None
    verify_human_registrant: bool | None = None
    webinar_scheduling_context: str | None = None


class Coorganizer(msgspec.Struct, rename="camel"):
    """Someone who helps to run a webinar, as the in-session list shows them."""

    email: str
    organizer_key: int


class InSessionWebinar(msgspec.Struct, rename="camel"):
    """A webinar that is running (section 5.3)."""

    webinar_key: int
    webinar_id: str = msgspec.field(name="webinarID")
    organizer_key: int
    organizer_email: str
    organizer_name: str
    subject: str
    description: str
    times: list[Occurrence]
    time_zone: str
    registration_url: str
    number_of_registrants: int
    in_session: bool
    impromptu: bool
    is_ondemand: bool
    experience_type: str
    coorganizers: list[Coorganizer]


class Registrant(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A registrant in a list (section 5.5): the key is a number; no joinUrl unless approved."""

    registrant_key: int
    first_name: str
    last_name: str
    email: str
    status: str
    registration_date: str
    join_url: str | None = None
    time_zone: str


class Response(msgspec.Struct, rename="camel"):
    """The answer to a custom question, by text: there is no question key."""

    question: str
    answer: str


class RegistrantDetailed(Registrant, rename="camel", omit_defaults=True, kw_only=True):
    """A registrant asked for by key (section 5.6): whatever the person left blank is not there."""

    source: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    zip_code: str | None = None
    state: str | None = None
    country: str | None = None
    organization: str | None = None
    job_title: str | None = None
    industry: str | None = None
    number_of_employees: str | None = None
    employee_count: str | None = None
    purchasing_role: str | None = None
    purchasing_time_frame: str | None = None
    implementation_time_frame: str | None = None
    questions_and_comments: str | None = None
    type: str | None = None
    unsubscribed: bool | None = None
    responses: list[Response] | None = None


class FormField(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A standard field of a registration form."""

    field: str
    required: bool
    max_size: int
    answers: list[str] | None = None


class Choice(msgspec.Struct, rename="camel"):
    """One of the answers a multiple-choice question offers."""

    answer_key: int
    answer: str


class Question(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A custom question of a registration form."""

    question_key: int
    question: str
    required: bool
    type: str
    max_size: int
    answers: list[Choice] | None = None


class RegistrationFields(msgspec.Struct):
    """A registration form (section 5.7)."""

    fields: list[FormField]
    questions: list[Question]


class Registered(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What a registration gives back (section 6.1)."""

    registrant_key: int
    join_url: str | None = None
    status: str
    asset: bool


def wire_names(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Map the names on the wire to the attributes of a class."""
    return dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))


def plain(value: msgspec.Struct) -> dict[str, Any]:
    """Return an object as the plain data its JSON says."""
    data: dict[str, Any] = msgspec.to_builtins(value)
    return data
