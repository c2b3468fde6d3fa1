"""Made-up people whose names have accents, apostrophes, other scripts and an emoji, as real ones do."""

from typing import NamedTuple


def _spelled(text: str) -> list[tuple[str, str]]:
    """Return names, each with its spelling in an e-mail address."""
    return [
        (name, spelling or name.lower()) for name, _, spelling in (item.partition("=") for item in text.split("; "))
    ]


FIRST_NAMES = _spelled(
    "Ada; Zoë=zoe; Jürgen=juergen; Søren=soren; Łukasz=lukasz; Aoife; José=jose; Chloé=chloe; 明美=akemi; 伟=wei; "
    "지우=jiwoo; Дарья=darya; Ελένη=eleni; نور=nour; अनन्या=ananya; Nguyệt=nguyet; D'Arcy=darcy; Anne-Marie; Sky 🌤️=sky; "
    "Maximiliana; Bo; Tiina; Kwame",
)
LAST_NAMES = _spelled(
    "Berg; O'Neill=oneill; Müller-Lüdenscheidt=mueller; Ångström=angstrom; Škvorecký=skvorecky; Nuñez=nunez; "
    "de la Cruz=delacruz; van 't Hoff=vanthoff; 田中=tanaka; 王=wang; 김=kim; Иванова=ivanova; "
    "Παπαδοπούλου=papadopoulou; الهاشمي=alhashimi; Iyer; Trần=tran; Smith, Jr.=smith; Oyelaran; Lindqvist",
)
TIME_ZONES = [
    *("Europe/Oslo", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "America/Sao_Paulo", "Europe/Berlin"),
    "Australia/Adelaide",
]
DOMAINS = ("example.com", "example.org", "example.net")
# Some people type their address with capitals.
CAPITALS_EVERY = 23


class Person(NamedTuple):
    """A person, the same in every webinar."""

    first_name: str
    last_name: str
    email: str
    time_zone: str


def person(number: int) -> Person:
    """Return the person of this number; two numbers never share an address."""
    first, first_spelled = FIRST_NAMES[number % len(FIRST_NAMES)]
    last, last_spelled = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    email = f"{first_spelled}.{last_spelled}{number}@{DOMAINS[number % len(DOMAINS)]}"
    if number % CAPITALS_EVERY == 1:
        email = email.title()
    return Person(first, last, email, TIME_ZONES[number % len(TIME_ZONES)])
