"""Messages between the parent and a worker, and how they travel.

A frame is four bytes of length (big endian) and a msgpack document of a tagged union: never pickle, so that
a worker may live in another interpreter, and never standard output, so chatter of a library cannot
corrupt it. Each request has a number, and its reply carries the same number.
"""

from infer_compare.worker.protocol.frames import (
    MAX_FRAME,
    ReplyReader,
    frame,
    receive_request,
    reply_decoder,
    request_decoder,
    send,
    to_bytes,
)
from infer_compare.worker.protocol.message import VERSION, Line, Message, Text
from infer_compare.worker.protocol.replies import (
    Begins,
    Described,
    Done,
    Explored,
    Failure,
    Loaded,
    Opened,
    PlannedVariant,
    Reply,
    Timed,
    WarmedUp,
    WrittenVariant,
)
from infer_compare.worker.protocol.requests import (
    Bye,
    Collect,
    Convert,
    Describe,
    Explore,
    Inputs,
    Load,
    Open,
    PlanVariant,
    Request,
    Stage,
    TimeSlice,
    WarmUp,
    WriteVariant,
)

__all__ = [
    "MAX_FRAME",
    "VERSION",
    "Begins",
    "Bye",
    "Collect",
    "Convert",
    "Describe",
    "Described",
    "Done",
    "Explore",
    "Explored",
    "Failure",
    "Inputs",
    "Line",
    "Load",
    "Loaded",
    "Message",
    "Open",
    "Opened",
    "PlanVariant",
    "PlannedVariant",
    "Reply",
    "ReplyReader",
    "Request",
    "Stage",
    "Text",
    "TimeSlice",
    "Timed",
    "WarmUp",
    "WarmedUp",
    "WriteVariant",
    "WrittenVariant",
    "frame",
    "receive_request",
    "reply_decoder",
    "request_decoder",
    "send",
    "to_bytes",
]
