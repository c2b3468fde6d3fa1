"""Made-up registration forms: three basic fields, and on some forms more fields and custom questions.

A form has the format of the API (API reference, section 5.7): ``fields`` and ``questions``.
"""

from typing import Any

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability

BASIC = ("firstName", "lastName", "email")
OPTIONAL_FIELDS = ("organization", "jobTitle", "phone", "city", "country")
PICK_LISTS = {"industry": ["Agriculture", "Education", "Other"], "numberOfEmployees": ["1-20", "21-100", "101-1000"]}
CHOICES = ("Never", "Once or twice", "Ständig")
FIELD_SIZE = 128
COMMENT_SIZE = 255
ANSWER_SIZE = 1000

Form = dict[str, list[dict[str, Any]]]


def make_form(seed: int, webinar: Webinar) -> Form:
    """Make up the form of a webinar; only the basic fields are required."""
    rng = seeded_random(seed, webinar.key, "form")
    fields = [form_field(name, required=True) for name in BASIC]
    fields += [form_field(name) for name in OPTIONAL_FIELDS if with_probability(rng, 0.4)]
    fields += [
        {**form_field(name), "answers": answers} for name, answers in PICK_LISTS.items() if with_probability(rng, 0.4)
    ]
    if with_probability(rng, 0.5):
        fields.append({**form_field("questionsAndComments"), "maxSize": COMMENT_SIZE})
    questions = []
    if with_probability(rng, 0.5):
        questions.append(question(long_key(rng), "How did you hear of us?"))
    if with_probability(rng, 0.5):
        choices = [{"answerKey": long_key(rng), "answer": text} for text in CHOICES]
        asked = question(long_key(rng), "Have you done this before?")
        questions.append({**asked, "type": "multipleChoice", "maxSize": 0, "answers": choices})
    return {"fields": fields, "questions": questions}


def form_field(name: str, *, required: bool = False) -> dict[str, Any]:
    """Return a standard field."""
    return {"field": name, "required": required, "maxSize": FIELD_SIZE}


def question(key: int, text: str, *, required: bool = False) -> dict[str, Any]:
    """Return a custom question with free text as answer."""
    return {"questionKey": key, "question": text, "required": required, "type": "shortAnswer", "maxSize": ANSWER_SIZE}
