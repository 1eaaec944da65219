"""What every record of a run file is."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the union; never made itself."""
