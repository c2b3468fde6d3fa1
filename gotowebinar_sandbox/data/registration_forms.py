"""Makes up registration forms: the three basic fields always, others and custom questions on some."""

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability
from gotowebinar_sandbox.serializers.schemas import Choice, FormField, Question, RegistrationFields

BASIC = ("firstName", "lastName", "email")
FURTHER = ("organization", "jobTitle", "phone", "city", "country")
PICK_LISTS = {"industry": ["Agriculture", "Education", "Other"], "numberOfEmployees": ["1-20", "21-100", "101-1000"]}
FIELD_SIZE = 128
COMMENT_SIZE = 255
ANSWER_SIZE = 1000


def make_form(seed: int, webinar: Webinar) -> RegistrationFields:
    """Make up the form of a webinar; nothing but the basic fields is required."""
    rng = seeded_random(seed, webinar.key, "form")
    fields = [required_field(name) for name in BASIC]
    fields += [
        FormField(field=name, required=False, max_size=FIELD_SIZE) for name in FURTHER if with_probability(rng, 0.4)
    ]
    fields += [
        FormField(field=name, required=False, max_size=FIELD_SIZE, answers=answers)
        for name, answers in PICK_LISTS.items()
        if with_probability(rng, 0.4)
    ]
    if with_probability(rng, 0.5):
        fields.append(FormField(field="questionsAndComments", required=False, max_size=COMMENT_SIZE))
    questions: list[Question] = []
    if with_probability(rng, 0.5):
        questions.append(short_answer(long_key(rng), "How did you hear of us?", required=False))
    if with_probability(rng, 0.5):
        texts = ("Never", "Once or twice", "Ständig")
        choices = [Choice(long_key(rng), text) for text in texts]
        questions.append(
            Question(
                question_key=long_key(rng),
                question="Have you done this before?",
                required=False,
                type="multipleChoice",
                max_size=0,
                answers=choices,
            ),
        )
    return RegistrationFields(fields, questions)


def required_field(name: str) -> FormField:
    """Return a standard field that must be filled in."""
    return FormField(field=name, required=True, max_size=FIELD_SIZE)


def short_answer(key: int, text: str, *, required: bool) -> Question:
    """Return a question answered in free text."""
    return Question(question_key=key, question=text, required=required, type="shortAnswer", max_size=ANSWER_SIZE)
