"""Registrants: rows 8 to 10 of the API reference, section 4, and registering somebody (section 6.1)."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.data.models import Webinar, format_time
from gotowebinar_sandbox.data.people import Person
from gotowebinar_sandbox.data.registrants import PROFILE_FIELDS, Registrant, new_registrant
from gotowebinar_sandbox.data.registration_forms import BASIC
from gotowebinar_sandbox.endpoints.errors import ProductError, bad_request, json_response
from gotowebinar_sandbox.endpoints.paging import flat
from gotowebinar_sandbox.endpoints.permissions import WEBINAR, Permissions, reading
from gotowebinar_sandbox.state import SandboxState

REGISTRANTS = f"{WEBINAR}/registrants"
BASIC_ONLY = "application/vnd.citrix.g2wapi-v1.1+json"
# Fields that may be sent beyond name and address; each value is text.
OPTIONAL_FIELDS = PROFILE_FIELDS.keys() - {"employeeCount", "implementationTimeFrame"} | {"state", "country"}

Body = dict[str, Any]


class QuestionResponse(msgspec.Struct, rename="camel"):
    """The response to a custom question in a registration."""

    question_key: int
    response_text: str | None = None
    answer_key: int | None = None


class RegistrantEndpoints:
    """Lists, gets and creates registrants, and returns the registration form."""

    def __init__(self, state: SandboxState) -> None:
        """Serve a world."""
        self._state = state
        self._world = state.world
        self._permissions = Permissions(state)

    def routes(self) -> list[Route]:
        """Return the endpoints; ``fields`` comes before the registrantKey, which would match it, too."""
        may = self._permissions
        return [
            Route(REGISTRANTS, self.list, methods=["GET"]),
            Route(REGISTRANTS, self.register, methods=["POST"]),
            reading(f"{REGISTRANTS}/fields", may.webinar, self._world.form),
            reading(f"{REGISTRANTS}/{{registrantKey}}", may.registrant, lambda found: self._world.detailed(*found)),
        ]

    async def list(self, request: Request) -> Response:
        """Return all registrants as an array, or a page if ``page`` or ``limit`` is sent."""
        people = self._world.registrants(self._permissions.webinar(request))
        if request.query_params.keys() & {"page", "limit"}:
            return json_response(flat(request, [*people.registrants.values()], lambda registrant: registrant))
        return Response(people.encoded(self._state.options.max_registrants_list), media_type="application/json")

    async def register(self, request: Request) -> Response:
        """Register the person in the body; a registered address gets a 409 with its key and link."""
        webinar, resends = self._permissions.webinar(request), _flag(request, "resendConfirmation")
        sent = _body(await request.body())
        known = self._world.registrants(webinar).find(sent["email"])
        if known is not None:
            if resends:
                self._confirm(webinar, known)
            more = {name: value for name, value in known.plain().items() if name in {"registrantKey", "joinUrl"}}
            message = "The user is already registered for this webinar."
            raise ProductError(409, "DuplicateRegistrant", message, more)
        self._check_open(webinar)
        details = {} if request.headers.get("accept") == BASIC_ONLY else self._details(webinar, sent)
        self._check_required(webinar, sent, details)
        registrant = self._new(webinar, sent)
        self._world.registrants(webinar).add(registrant, details)
        self._confirm(webinar, registrant)
        shown = registrant.plain()
        created: Body = {name: shown[name] for name in ("registrantKey", "joinUrl", "status") if name in shown}
        return json_response({**created, "asset": True}, 201)

    def _check_open(self, webinar: Webinar) -> None:
        """Reject a registration for a closed or full webinar, each in one of the two ways that GoTo may use."""
        if webinar.registration_closed:
            raise ProductError(400, "RegistrationClosed", "Registration for this webinar is closed.")
        if self._world.count(webinar) >= webinar.registration_limit:
            raise ProductError(403, "WebinarFull", "This webinar is full.")

    def _confirm(self, webinar: Webinar, registrant: Registrant) -> None:
        self._state.confirmations.append((webinar.key, registrant.email))

    def _new(self, webinar: Webinar, sent: Body) -> Registrant:
        return new_registrant(
            webinar,
            self._world.new_key(),
            Person(sent["firstName"], sent["lastName"], sent["email"], webinar.time_zone),
            status="WAITING" if webinar.approval_type == "MANUAL" else "APPROVED",
            date=format_time(self._world.clock.now()),
        )

    def _details(self, webinar: Webinar, sent: Body) -> Body:
        details = {name: sent[name] for name in sorted(OPTIONAL_FIELDS) if sent.get(name)}
        for name, value in details.items():
            if not isinstance(value, str):
                message = f"{name} is not a text."
                raise bad_request(message, name)
        try:
            given = msgspec.convert(sent.get("responses") or [], list[QuestionResponse])
        except msgspec.ValidationError as error:
            raise bad_request(str(error), "responses") from None
        questions = {question["questionKey"]: question for question in self._world.form(webinar)["questions"]}
        responses = [_response(questions.get(one.question_key), one) for one in given]
        return {**details, "responses": responses} if responses else details

    def _check_required(self, webinar: Webinar, sent: Body, details: Body) -> None:
        form = self._world.form(webinar)
        for field in form["fields"]:
            name, longest = field["field"], field["maxSize"]
            if field["required"] and not sent.get(name):
                message = f"{name} is required."
                raise bad_request(message, name)
            if len(str(sent.get(name, ""))) > longest:
                message = f"{name} is longer than {longest}."
                raise bad_request(message, name)
        answered = {response["question"] for response in details.get("responses", ())}
        for question in form["questions"]:
            if question["required"] and question["question"] not in answered:
                message = f"An answer to question {question['questionKey']} is required."
                raise bad_request(message, "responses")


def _body(raw: bytes) -> Body:
    try:
        sent = msgspec.json.decode(raw, type=Body)
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


def _response(question: Body | None, response: QuestionResponse) -> dict[str, str]:
    """Return a response as get-by-key shows it: as texts."""
    if question is None:
        message = f"There is no question {response.question_key}."
        raise bad_request(message, "responses")
    choices = {choice["answerKey"]: choice["answer"] for choice in question.get("answers", ())}
    text = choices.get(response.answer_key) if choices else response.response_text
    if not text:
        message = f"Question {response.question_key} is not answered."
        raise bad_request(message, "responses")
    return {"question": question["question"], "answer": text}
