"""Registering someone: what is checked, and what comes of it (API reference, section 6.1)."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gotowebinar_sandbox.data.clock import stamp
from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.registrants import join_url
from gotowebinar_sandbox.endpoints.errors import ProductError, bad_request, json_response
from gotowebinar_sandbox.serializers.schemas import Question, Registered, Registrant, wire_names
from gotowebinar_sandbox.serializers.schemas import Response as Said
from gotowebinar_sandbox.state import SandboxState

BASIC = ("firstName", "lastName", "email")
BASIC_ONLY = "application/vnd.citrix.g2wapi-v1.1+json"


class Answered(msgspec.Struct, rename="camel"):
    """The answer to a custom question, as it is sent in."""

    question_key: int
    response_text: str | None = None
    answer_key: int | None = None


class Further(msgspec.Struct, rename="camel", omit_defaults=True):
    """What may be sent beyond name and address."""

    source: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country: str | None = None
    phone: str | None = None
    organization: str | None = None
    job_title: str | None = None
    questions_and_comments: str | None = None
    industry: str | None = None
    number_of_employees: str | None = None
    purchasing_time_frame: str | None = None
    purchasing_role: str | None = None
    responses: list[Answered] = []


class Registration:
    """The registration desk of all webinars."""

    def __init__(self, state: SandboxState) -> None:
        """Register people in a world."""
        self._state = state

    async def register(self, webinar: Webinar, request: Request) -> Response:
        """Register whom the body names.

        Returns:
            201; or 409 if the address is registered already, with the key and link of that registrant.

        Raises:
            ProductError: 400, a field missing or of the wrong type; 400 or 403, no more people are taken.
        """
        again = _flag(request, "resendConfirmation")
        sent = _body(await request.body())
        known = self._state.world.registrant_list(webinar).find(sent["email"])
        if known is not None:
            if again:
                self._confirm(webinar, known)
            return _duplicate(known).response()
        self._admit(webinar)
        basic_only = request.headers.get("accept") == BASIC_ONLY
        details = {} if basic_only else self._details(webinar, sent)
        self._require(webinar, sent, details)
        registrant = self._registrant(webinar, sent)
        self._state.world.registrant_list(webinar).add(registrant, details)
        self._confirm(webinar, registrant)
        answer = Registered(
            registrant_key=registrant.registrant_key,
            join_url=registrant.join_url,
            status=registrant.status,
            asset=True,
        )
        return json_response(answer, 201)

    def _admit(self, webinar: Webinar) -> None:
        """Turn people away from a webinar that takes no more; how GoTo does that is not known, so once in each way."""
        if webinar.registration_closed:
            raise ProductError(400, "RegistrationClosed", "Registration for this webinar is closed.")
        if self._state.world.count(webinar) >= webinar.registration_limit:
            raise ProductError(403, "WebinarFull", "This webinar is full.")

    def _confirm(self, webinar: Webinar, registrant: Registrant) -> None:
        self._state.confirmations.append((webinar.key, registrant.email))

    def _registrant(self, webinar: Webinar, sent: dict[str, Any]) -> Registrant:
        key = self._state.world.new_key()
        manual = webinar.approval_type == "MANUAL"
        return Registrant(
            registrant_key=key,
            first_name=sent["firstName"],
            last_name=sent["lastName"],
            email=sent["email"],
            status="WAITING" if manual else "APPROVED",
            registration_date=stamp(self._state.world.clock.now()),
            join_url=None if manual else join_url(webinar.key, key),
            time_zone=webinar.time_zone,
        )

    def _details(self, webinar: Webinar, sent: dict[str, Any]) -> dict[str, Any]:
        try:
            further = msgspec.convert(sent, Further)
        except msgspec.ValidationError as error:
            raise bad_request(str(error), str(error).rpartition("$.")[2].rstrip("`")) from None
        names = wire_names(Further)
        told = {name: getattr(further, name) for name in names.values() if getattr(further, name)}
        questions = {question.question_key: question for question in self._state.world.form(webinar).questions}
        told["responses"] = [_said(questions, answered) for answered in further.responses]
        return {name: value for name, value in told.items() if value}

    def _require(self, webinar: Webinar, sent: dict[str, Any], details: dict[str, Any]) -> None:
        form = self._state.world.form(webinar)
        for field in form.fields:
            if field.required and not sent.get(field.field):
                message = f"{field.field} is required."
                raise bad_request(message, field.field)
            if len(str(sent.get(field.field, ""))) > field.max_size:
                message = f"{field.field} is longer than {field.max_size}."
                raise bad_request(message, field.field)
        answered = {said.question for said in details.get("responses", ())}
        for question in form.questions:
            if question.required and question.question not in answered:
                message = f"An answer to question {question.question_key} is required."
                raise bad_request(message, "responses")


def _body(raw: bytes) -> dict[str, Any]:
    try:
        sent = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = "The body is not a JSON object."
        raise bad_request(message, "body") from None
    for name in BASIC:
        if not isinstance(sent.get(name), str) or not sent[name].strip():
            message = f"{name} is required."
            raise bad_request(message, name)
    if "@" not in sent["email"]:
        message = "email is not an e-mail address."
        raise bad_request(message, "email")
    return sent


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false").lower()
    if text not in {"true", "false"}:
        message = f"{name} is neither true nor false."
        raise bad_request(message, name)
    return text == "true"


def _said(questions: dict[int, Question], answered: Answered) -> Said:
    question = questions.get(answered.question_key)
    if question is None:
        message = f"There is no question {answered.question_key}."
        raise bad_request(message, "responses")
    choices = {choice.answer_key: choice.answer for choice in question.answers or ()}
    text = choices.get(answered.answer_key or 0, "") if choices else answered.response_text
    if not text:
        message = f"Question {answered.question_key} is not answered."
        raise bad_request(message, "responses")
    return Said(question.question, text)


def _duplicate(known: Registrant) -> ProductError:
    more: dict[str, Any] = {"registrantKey": known.registrant_key}
    if known.join_url:
        more["joinUrl"] = known.join_url
    return ProductError(409, "DuplicateRegistrant", "The user is already registered for this webinar.", more)
