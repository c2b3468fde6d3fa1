"""The streams: one class each, in the order in which the children of a webinar or session are read."""

from tap_gotowebinar.streams.engagement import AttendeePolls, AttendeeSurveys, Polls, Questions, Surveys
from tap_gotowebinar.streams.organizers import Organizers
from tap_gotowebinar.streams.registrants import RegistrantDetails, RegistrantRemovals, Registrants
from tap_gotowebinar.streams.sessions import Attendees, SessionPerformance, Sessions
from tap_gotowebinar.streams.webinar_parts import (
    CoOrganizers,
    Panelists,
    Recordings,
    RegistrationFields,
)
from tap_gotowebinar.streams.webinars import WebinarDetails, WebinarRemovals, Webinars

STREAMS = (
    Organizers,
    WebinarRemovals,
    Webinars,
    WebinarDetails,
    Panelists,
    CoOrganizers,
    RegistrationFields,
    Recordings,
    Registrants,
    RegistrantDetails,
    RegistrantRemovals,
    Sessions,
    SessionPerformance,
    Polls,
    Questions,
    Surveys,
    Attendees,
    AttendeePolls,
    AttendeeSurveys,
)
"""All streams."""
