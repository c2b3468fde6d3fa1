"""What goes over the wire of those who run a webinar, and of how one hears them (API reference, section 5.11)."""

import msgspec


class PanelistRow(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A panelist: the key is ``panelistId``, a number; the parts of the name are there at times."""

    panelist_id: int
    name: str
    first_name: str | None = None
    last_name: str | None = None
    email: str
    join_link: str


class CoorganizerRow(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A co-organizer: the key is ``memberKey``, a string; one from outside the account has no surname."""

    member_key: str
    given_name: str
    surname: str | None = None
    email: str
    external: bool
    join_link: str


class AccessCodes(msgspec.Struct):
    """What to type in after dialling."""

    organizer: str
    panelist: str
    attendee: str


class CallNumber(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A number to dial in one country."""

    toll: str
    toll_free: str | None = None
    access_codes: AccessCodes


class Audio(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """How one hears a webinar; a private conference has no numbers of GoTo's."""

    type: str
    conf_call_numbers: dict[str, CallNumber] | None = None
    private_info: dict[str, str] | None = None
