"""JSON bent in the ways in which a server, a proxy or a careless editor bends it."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from hypothesis import strategies as st

Path = tuple[str | int, ...]

LITERALS: Final = {
    "@@nan@@": "NaN",
    "@@infinity@@": "-Infinity",
    "@@huge@@": "1e999",
    "@@digits@@": "9" * 5000,
    "@@deep@@": "[" * 5000 + "]" * 5000,
    "@@deeper@@": "[" * 200_000,
    "@@control@@": '"\x01\n"',
    "@@escape@@": '"\\x"',
}
"""What `json.dumps` does not write; each stands in for the text that is its name."""

VALUES: Final[list[Any]] = [
    *(None, True, False, 0, -1, 1.5, -0.0, 1e308, 2**31, 2**53 + 1, 2**63, 2**64, 10**30),
    *("", " ", "x\x00y", "\ud800", "\udfff\ud800", "💥", "\u202e", "\ufeff", "ß" * 5000),
    *("17", " 17 ", "-1", "1e5", "0x11", "1" * 30, "true", "null", "../../17", "17?x=y#z", "17/../18", "%2e%2e"),
    *("2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-10", "24:00", "now"),
    *([], {}, [[]], [None], {"": ""}, {"registrantKey": 1}, [{"webinarKey": "1"}]),
    *LITERALS,
]


def bent(body: Any) -> st.SearchStrategy[bytes]:  # noqa: ANN401 - JSON
    """Return bodies made of a right one: with values replaced, fields added and taken away, or as bytes gone wrong."""
    places = list(_places(body))
    value = st.sampled_from(VALUES) | st.sampled_from(VALUES) | _anything()
    change = st.tuples(st.sampled_from(places), st.sampled_from(_WAYS), value)
    texts = st.lists(change, min_size=1, max_size=4).map(lambda changes: _text(_changed(body, changes)))
    return texts.map(lambda text: text.encode()) | st.tuples(texts, st.data()).flatmap(_bytes_gone_wrong)


def _anything() -> st.SearchStrategy[Any]:
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    )


def _bytes_gone_wrong(drawn: tuple[str, object]) -> st.SearchStrategy[bytes]:
    right = drawn[0].encode()
    return st.one_of(
        st.integers(0, len(right)).map(lambda cut: right[:cut]),
        st.tuples(st.integers(0, len(right)), st.binary(max_size=6)).map(
            lambda it: right[: it[0]] + it[1] + right[it[0] :]
        ),
        st.sampled_from([b"\xef\xbb\xbf" + right, right * 2, right + b"\x00", drawn[0].encode("utf-16"), b"\x1f\x8b"]),
        st.binary(max_size=40),
    )


def _text(value: object) -> str:
    text = json.dumps(value)
    for name, literal in LITERALS.items():
        text = text.replace(json.dumps(name), literal)
    return text


def _places(value: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401 - JSON
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from _places(item, (*path, name))


def _changed(body: Any, changes: list[tuple[Path, Callable[..., None], Any]]) -> Any:  # noqa: ANN401 - JSON
    whole = {"": copy.deepcopy(body)}
    for place, way, value in changes:
        holder: Any = whole
        *way_there, last = ("", *place)
        try:
            for step in way_there:
                holder = holder[step]
            way(holder, last, copy.deepcopy(value))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # An earlier change has taken the place away.
    return whole.get("")


def _replace(holder: Any, name: Any, value: Any) -> None:  # noqa: ANN401 - JSON
    holder[name] = value


def _remove(holder: Any, name: Any, _value: Any) -> None:  # noqa: ANN401 - JSON
    del holder[name]


def _add(holder: Any, name: Any, value: Any) -> None:  # noqa: ANN401 - JSON
    inside = holder[name]
    if isinstance(inside, list):
        inside.append(value)
    else:
        inside["unheard of"] = value


def _double(holder: Any, name: Any, _value: Any) -> None:  # noqa: ANN401 - JSON
    holder[name] = holder[name] + holder[name]


def _wrap(holder: Any, name: Any, _value: Any) -> None:  # noqa: ANN401 - JSON
    holder[name] = [holder[name]]


_WAYS: Final = (_replace, _replace, _replace, _remove, _add, _double, _wrap)
