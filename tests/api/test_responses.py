"""An answer without rows is empty only when it says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gotowebinar.api.errors import MalformedResponseError
from tap_gotowebinar.api.pagination import MAX_PAGE_SIZE
from tap_gotowebinar.api.responses import Page, array, hal, single

webinars = hal("webinars")
ROWS = [{"webinarKey": "1"}, {"webinarKey": "2"}]


def hal_body(rows: object = None, *, total: object, pages: object = 1, number: object = 0) -> dict[str, Any]:
    counters = {"size": 2, "totalElements": total, "totalPages": pages, "number": number}
    return {"page": counters} if rows is None else {"_embedded": {"webinars": rows}, "page": counters}


def flat_body(rows: object, *, total: object, page: object = 0, limit: object = 2) -> dict[str, Any]:
    return {"data": rows, "total": total, "page": page, "limit": limit, "pageSize": 2}


# HAL


@pytest.mark.parametrize(("number", "is_last"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_hal_page_is_the_last_when_its_number_says_so(number: int, is_last: bool) -> None:  # noqa: FBT001
    assert webinars(hal_body(ROWS, total=6, pages=3, number=number)) == Page(ROWS, 6, is_last)
    assert webinars(hal_body(ROWS, total="6", pages="3", number=str(number))) == Page(ROWS, 6, is_last)


def test_a_hal_page_that_holds_everything_is_the_last_even_if_it_does_not_count_pages() -> None:
    assert webinars(hal_body(ROWS, total=2, pages=None, number=None)).is_last
    assert not webinars(hal_body(ROWS, total=3, pages=None, number=None)).is_last


@pytest.mark.parametrize(
    "body", [hal_body(total=0, pages=0), hal_body([], total=0, pages=0), {**hal_body(total=0), "_embedded": {}}]
)
def test_a_hal_list_is_empty_when_it_counts_nothing(body: object) -> None:
    assert webinars(body) == Page([], 0, is_last=True)


@pytest.mark.parametrize("rows", [None, []])
def test_a_hal_page_beyond_the_end_is_empty_because_the_list_shrank_while_it_was_read(rows: object) -> None:
    assert webinars(hal_body(rows, total=2, pages=1, number=1)) == Page([], 2, is_last=True)


@pytest.mark.parametrize("rows", [None, []])
@pytest.mark.parametrize(("pages", "number"), [(3, 0), (3, 1), (None, 0), (3, None), (0, 0)])
def test_a_hal_page_that_lost_its_rows_is_broken(rows: object, pages: object, number: object) -> None:
    with pytest.raises(
        MalformedResponseError, match=r"^the answer should hold some of the 6 rows it counts and does not$"
    ):
        webinars(hal_body(rows, total=6, pages=pages, number=number))


@pytest.mark.parametrize(
    "total", [None, -1, True, 1.5, "many", "", "٣", 10**20, pytest.param("9" * 5000, id="long"), []]
)
def test_a_hal_page_without_a_usable_total_is_broken(total: object) -> None:
    with pytest.raises(MalformedResponseError, match=r"page\.totalElements"):
        webinars(hal_body(ROWS, total=total))


@pytest.mark.parametrize("rows", [{}, "rows", 1, {"0": ROWS[0]}])
def test_a_hal_page_whose_rows_are_no_array_or_under_another_name_is_broken(rows: object) -> None:
    with pytest.raises(MalformedResponseError, match=r"_embedded\.webinars"):
        webinars(hal_body(rows, total=2))
    with pytest.raises(MalformedResponseError):
        webinars({**hal_body(total=2), "_embedded": {"sessions": ROWS}})


# Bare array and flat object


def test_a_bare_array_is_everything_there_is() -> None:
    assert array(ROWS) == Page(ROWS, None, is_last=True)
    assert array([]) == Page([], None, is_last=True)


@pytest.mark.parametrize("body", [ROWS, flat_body(ROWS, total=2)])
def test_a_hal_list_may_come_in_the_other_envelopes(body: object) -> None:
    assert webinars(body) == array(body)


@pytest.mark.parametrize(("page", "is_last"), [(0, False), (1, False), (2, True)])
def test_a_flat_page_is_the_last_when_its_number_and_limit_say_so(page: int, is_last: bool) -> None:  # noqa: FBT001
    assert array(flat_body(ROWS, total=6, page=page)) == Page(ROWS, 6, is_last)


def test_a_flat_page_that_holds_everything_is_the_last_even_if_it_is_not_numbered() -> None:
    assert array({"data": ROWS, "total": 2}).is_last
    assert not array({"data": ROWS, "total": 3}).is_last


@pytest.mark.parametrize(
    "body",
    [
        flat_body([], total=0),
        {"data": [], "total": 0},
        {"data": [], "total": 2, "page": 1},  # recording assets have no limit
        flat_body([], total=2, page=1),
        flat_body([], total=2, page=1, limit=0),
    ],
)
def test_a_flat_page_is_empty_when_it_counts_nothing_or_is_beyond_the_end(body: dict[str, Any]) -> None:
    assert array(body) == Page([], body["total"], is_last=True)


@pytest.mark.parametrize("page", [0, 1, 2, None])
def test_a_flat_page_that_lost_its_rows_is_broken(page: object) -> None:
    with pytest.raises(MalformedResponseError, match="some of the 6 rows it counts"):
        array(flat_body([], total=6, page=page))


@pytest.mark.parametrize(
    "body",
    [
        *(None, 5, "text", True, {}, {"data": ROWS}, {"total": 2}, {"total": 0, "page": 0, "limit": 2}),
        *(flat_body(None, total=0), flat_body({}, total=0), flat_body(ROWS, total=None), {"error": "no"}),
    ],
)
def test_what_is_neither_array_nor_flat_object_is_broken(body: object) -> None:
    with pytest.raises(
        MalformedResponseError, match=r"^the answer should hold an array, or data and total and does not$"
    ):
        array(body)


# Single objects


def test_a_single_object_comes_as_it_is() -> None:
    assert single({"webinarKey": 1}) == {"webinarKey": 1}


@pytest.mark.parametrize("body", [None, {}, [], [{"webinarKey": 1}], "text", 5])
def test_what_is_no_object_with_fields_is_broken(body: object) -> None:
    with pytest.raises(MalformedResponseError, match="an object with fields"):
        single(body)


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
