"""The base class of the records of a run file."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The base class of all records; never instantiated itself."""
