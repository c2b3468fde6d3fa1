"""An answer without rows is empty only when it says so."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gotowebinar.api.errors import MalformedResponseError
from tap_gotowebinar.api.pagination import MAX_PAGE_SIZE
from tap_gotowebinar.api.responses import Page, array, hal, single

Read = Callable[[object], object]
webinars = hal("webinars")
ROWS = [{"webinarKey": "1"}, {"webinarKey": "2"}]


def hal_body(rows: object = None, *, total: object, pages: object = 1, number: object = 0) -> dict[str, Any]:
    counters = {"size": 2, "totalElements": total, "totalPages": pages, "number": number}
    return {"page": counters} if rows is None else {"_embedded": {"webinars": rows}, "page": counters}


def flat_body(rows: object, *, total: object, page: object = 0, limit: object = 2) -> dict[str, Any]:
    return {"data": rows, "total": total, "page": page, "limit": limit, "pageSize": 2}


def last(rows: list[Any], total: int | None) -> Page:
    return Page(rows, total, is_last=True)


def page_of_3(number: int) -> Page:
    return Page(ROWS, 6, is_last=number >= 2)


READ: dict[str, tuple[Read, object, object]] = {
    **{f"HAL, {n} of 3": (webinars, hal_body(ROWS, total=6, pages=3, number=n), page_of_3(n)) for n in range(4)},
    **{
        f"HAL in texts, {n} of 3": (webinars, hal_body(ROWS, total="6", pages="3", number=f"{n}"), page_of_3(n))
        for n in range(4)
    },
    "HAL without number, whole": (webinars, hal_body(ROWS, total=2, pages=None, number=None), last(ROWS, 2)),
    "HAL without number, not whole": (
        webinars,
        hal_body(ROWS, total=3, pages=None, number=None),
        Page(ROWS, 3, is_last=False),
    ),
    "HAL, counts nothing": (webinars, hal_body(total=0, pages=0), last([], 0)),
    "HAL, counts nothing and has no rows": (webinars, hal_body([], total=0, pages=0), last([], 0)),
    "HAL, counts nothing and is empty": (webinars, {**hal_body(total=0), "_embedded": {}}, last([], 0)),
    # The list became shorter while it was read.
    "HAL, beyond the end": (webinars, hal_body(total=2, pages=1, number=1), last([], 2)),
    "HAL, beyond the end without rows": (webinars, hal_body([], total=2, pages=1, number=1), last([], 2)),
    "HAL is an array": (webinars, ROWS, last(ROWS, None)),
    "HAL is flat": (webinars, flat_body(ROWS, total=2), last(ROWS, 2)),
    "array": (array, ROWS, last(ROWS, None)),
    "empty array": (array, [], last([], None)),
    **{f"flat, {n} of 3": (array, flat_body(ROWS, total=6, page=n), page_of_3(n)) for n in range(3)},
    "flat without number, whole": (array, {"data": ROWS, "total": 2}, last(ROWS, 2)),
    "flat without number, not whole": (array, {"data": ROWS, "total": 3}, Page(ROWS, 3, is_last=False)),
    "flat, counts nothing": (array, flat_body([], total=0), last([], 0)),
    "flat without number, counts nothing": (array, {"data": [], "total": 0}, last([], 0)),
    "flat without limit, beyond the end": (array, {"data": [], "total": 2, "page": 1}, last([], 2)),  # recordings
    "flat, beyond the end": (array, flat_body([], total=2, page=1), last([], 2)),
    "flat with limit 0, beyond the end": (array, flat_body([], total=2, page=1, limit=0), last([], 2)),
    "object": (single, {"webinarKey": 1}, {"webinarKey": 1}),
}


@pytest.mark.parametrize(("read", "body", "content"), READ.values(), ids=READ)
def test_a_page_has_its_rows_and_says_whether_it_is_the_last(read: Read, body: object, content: object) -> None:
    assert read(body) == content


LOST = "some of the 6 rows it counts"
NO_TOTAL = "rows under _embedded.webinars, and page.totalElements"
NO_LIST = "an array, or data and total"
NO_OBJECT = "an object with fields"
NO_ROWS: tuple[object, ...] = (None, [])
NO_ARRAYS: tuple[object, ...] = ({}, "rows", 1, {"0": ROWS[0]})
NO_LISTS: tuple[object, ...] = (
    *(None, 5, "text", True, {}, {"data": ROWS}, {"total": 2}, {"total": 0, "page": 0, "limit": 2}, {"error": "no"}),
    *(flat_body(None, total=0), flat_body({}, total=0), flat_body(ROWS, total=None)),
)
NO_OBJECTS: tuple[object, ...] = (None, {}, [], [{"webinarKey": 1}], "text", 5)
BAD_TOTALS: tuple[object, ...] = (None, -1, True, 1.5, "many", "", "٣", 10**20, "9" * 5000, [])
BROKEN: list[tuple[Read, object, str]] = [
    *(
        (webinars, hal_body(rows, total=6, pages=pages, number=number), LOST)
        for rows in NO_ROWS
        for pages, number in ((3, 0), (3, 1), (None, 0), (3, None), (0, 0))
    ),
    *((array, flat_body([], total=6, page=page), LOST) for page in (0, 1, 2, None)),
    *((webinars, hal_body(ROWS, total=total), NO_TOTAL) for total in BAD_TOTALS),
    *((webinars, hal_body(rows, total=2), NO_TOTAL) for rows in NO_ARRAYS),
    (webinars, {**hal_body(total=2), "_embedded": {"sessions": ROWS}}, "some of the 2 rows it counts"),
    *((array, body, NO_LIST) for body in NO_LISTS),
    *((single, body, NO_OBJECT) for body in NO_OBJECTS),
]


@pytest.mark.parametrize(
    ("read", "body", "lacks"), BROKEN, ids=[f"{lacks}-{n}" for n, (*_, lacks) in enumerate(BROKEN)]
)
def test_what_lost_its_rows_or_has_another_shape_is_broken(read: Read, body: object, lacks: str) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read(body)
    assert str(caught.value) == f"the answer should hold {lacks} and does not"


# Anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["_embedded", "webinars", "page", "totalElements", "totalPages", "number", "data", "total", "limit"]
            ),
            inner,
        )
    ),
)


@pytest.mark.slow
@given(JSON)
def test_no_answer_is_taken_for_empty_while_it_counts_rows_on_its_first_page(body: object) -> None:
    for read in (webinars, array):
        try:
            page = read(body)
        except MalformedResponseError as error:
            assert str(error).startswith("the answer should hold ")  # noqa: PT017 - either outcome is checked
            continue
        assert isinstance(page.rows, list)
        assert page.rows or page.is_last
        if not page.rows and page.total:
            assert isinstance(body, dict)
            number = body["page"]["number"] if isinstance(body["page"], dict) else body["page"]
            assert int(number) > 0


def test_a_page_is_as_long_as_the_documents_allow() -> None:
    assert MAX_PAGE_SIZE == 200
