"""What the streams below a webinar have in common: their bookmarks, and that one failure does not end the run."""

from __future__ import annotations

import abc
import functools
from typing import TYPE_CHECKING, Any, ClassVar, Final

from typing_extensions import override

from tap_gotowebinar.api.errors import ForbiddenError, NotFoundError, RetriesExhaustedError, UnexpectedStatusError
from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.sync.schedule import DueReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.records.moments import WebinarTiming
    from tap_gotowebinar.streams.parents import ParentStream
    from tap_gotowebinar.sync.bookmarks import Bookmark, StreamBookmarks
    from tap_gotowebinar.sync.prefetch import PlannedRequest, RequestPlan
    from tap_gotowebinar.sync.schedule import DueRule, PlannedWebinar

MAX_GIVEN_UP: Final = 3
"""Calls given up one after the other, after which the API is down rather than one answer broken."""


class ChildStream(GoToWebinarStream):
    """A stream of what belongs to something listed before. One call that fails does not end the run."""

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context | None]:
        """No children: the SDK's own way to that result takes as long as writing the record."""
        return ()

    @functools.cached_property
    def parent(self) -> ParentStream:
        """The stream that lists what this one reads something of."""
        return self.tap.parent_of(self)

    @abc.abstractmethod
    def foresee(self, context: Context) -> RequestPlan:
        """Yield the calls that `get_records` is going to ask for, so that they can be made ahead of it."""

    def fetch_or_skip(self, call: PlannedRequest, parent_key: str) -> Any | None:  # noqa: ANN401
        """Return what a call brings; None when the thing is refused, gone, given up or past `max_calls`.

        Raises:
            RetriesExhaustedError, UnexpectedStatusError: too many calls in a row were given up.
        """
        parent = self.parent
        read_ahead = self.tap.read_ahead_of(parent)
        if not read_ahead.has(call) and not self.tap.may_call(0):
            self.tap.cut_short[parent.noun].add(parent_key)
            return None
        try:
            result = read_ahead.result(call)
        except ForbiddenError:
            self.tally.refused.append(call.key)
        except NotFoundError:
            self.tally.gone.append(call.key)
        except (RetriesExhaustedError, UnexpectedStatusError) as error:
            self.tally.given_up.append(call.key)
            self.tap.given_up_in_a_row += 1
            if self.tap.given_up_in_a_row >= MAX_GIVEN_UP:
                raise
            self.logger.warning("%s; going on with the rest", error)
        else:
            if result is not None:
                self.tap.given_up_in_a_row = 0
            return result
        return None

    def fetch_rows(self, call: PlannedRequest, parent_key: str) -> list[dict[str, Any]] | None:
        """Return the rows that a call brings, none when the thing is gone; None when it could not be read."""
        gone = len(self.tally.gone)
        rows: list[dict[str, Any]] | None = self.fetch_or_skip(call, parent_key)
        return [] if rows is None and len(self.tally.gone) > gone else rows


class WebinarChild(ChildStream):
    """A stream of what belongs to one webinar.

    Attributes:
        bookmark_kind: How this stream remembers what it has emitted of a webinar.
        is_due_alone: Whether a webinar may be due for this stream and not for the others; what is read of registrants
            is read together.
    """

    bookmark_kind: ClassVar[type[Bookmark]]
    is_due_alone: ClassVar[bool] = False

    @abc.abstractmethod
    def records_of(self, context: Context | None) -> Iterator[Record]:
        """Yield what is new or changed in a webinar that is due."""

    @abc.abstractmethod
    def calls_of(self, context: Context) -> RequestPlan:
        """Yield the calls that `records_of` is going to ask for."""

    @property
    def first_path(self) -> str:
        """The endpoint that every webinar is asked for first; streams that share it ask once."""
        return self.path

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        return self.records_of(context) if self.name in self.webinar_of(context).readers else ()

    @override
    def foresee(self, context: Context) -> RequestPlan:
        if self.name in self.webinar_of(context).readers:
            yield from self.calls_of(context)

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[Any]:
        """What this stream has emitted, by webinar."""
        return self.tap.bookmarks.of(self.name, self.bookmark_kind)

    def webinar_of(self, context: Context | None) -> PlannedWebinar:
        """Return the webinar of a child context."""
        return self.tap.plan[(context or {})["webinarKey"]]

    def is_settled(self, webinar: PlannedWebinar) -> bool:
        """Whether a webinar is over and quiet, after what has been read of it by now."""
        return webinar.moment.is_settled(self.tap.newest_of(webinar.key))

    def reason(self, rule: DueRule, moment: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        """Return why this stream has to read a webinar, None when it need not."""
        bookmark = self.bookmarks.of(webinar_key)
        return rule.reason(moment, newest, bookmark.read_at) if bookmark.is_known else DueReason.NEW
