"""What the streams below a webinar have in common: their bookmarks, and that one failure does not end the run."""

from __future__ import annotations

import abc
import functools
from typing import TYPE_CHECKING, Any, ClassVar, Final

from typing_extensions import override

from tap_gotowebinar.client import GoToWebinarStream
from tap_gotowebinar.errors import GaveUpError, NotFoundError, RefusedError, UnexpectedAnswerError
from tap_gotowebinar.plan import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.bookmarks import Bookmark, StreamBookmarks
    from tap_gotowebinar.moments import Moment
    from tap_gotowebinar.plan import DueRule, PlannedWebinar
    from tap_gotowebinar.readahead import Foreseen, Foresight

MAX_GIVEN_UP: Final = 3
"""Calls given up one after the other, after which the API is down rather than one answer broken."""


class ChildStream(GoToWebinarStream):
    """A stream of what belongs to something listed before. One call that fails does not end the run."""

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context | None]:
        """No children: the SDK's own way to that result takes as long as writing the record."""
        return ()

    @abc.abstractmethod
    def foresee(self, context: Context) -> Foresight:
        """Yield the calls that `get_records` is going to ask for, so that they can be made ahead of it."""

    def tolerant_result(self, call: Foreseen, parent_key: str) -> Any | None:  # noqa: ANN401
        """Return what a call brings; None when the thing is refused, gone, given up or past `max_calls`.

        Raises:
            GaveUpError, UnexpectedAnswerError: too many calls in a row were given up.
        """
        if not self.tap.read_ahead.has(call) and not self.tap.may_call(0):
            self.tap.cut_short.add(parent_key)
            return None
        try:
            result = self.tap.read_ahead.result(call)
        except RefusedError:
            self.tally.refused.append(call.key)
        except NotFoundError:
            self.tally.gone.append(call.key)
        except (GaveUpError, UnexpectedAnswerError) as error:
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


class WebinarChild(ChildStream):
    """A stream of what belongs to one webinar.

    Attributes:
        bookmark_kind: How this stream remembers what it has emitted of a webinar.
    """

    bookmark_kind: ClassVar[type[Bookmark]]

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

    def reason(self, rule: DueRule, moment: Moment, newest: str | None, webinar_key: str) -> Reason | None:
        """Return why this stream has to read a webinar, None when it need not."""
        bookmark = self.bookmarks.of(webinar_key)
        return rule.reason(moment, newest, bookmark.read_at) if bookmark.is_known else Reason.NEW
