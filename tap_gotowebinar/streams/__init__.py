"""The streams: one class each, in the order in which the children of a webinar are read."""

from tap_gotowebinar.streams.organizers import Organizers
from tap_gotowebinar.streams.registrants import RegistrantDetails, RegistrantRemovals, Registrants, RegistrantStream
from tap_gotowebinar.streams.webinars import WebinarDetails, Webinars

STREAMS = (Organizers, Webinars, WebinarDetails, Registrants, RegistrantDetails, RegistrantRemovals)
"""All streams."""

__all__ = ["STREAMS", "RegistrantRemovals", "RegistrantStream", "Webinars"]
