"""The binary frames between the processor and the store, over TCP: requests, answers, notifications. No I/O.

A frame is a head (`frames.stream`) and a body. All integers are little-endian. The processor sends requests
(`frames.request`) and the store answers each one in their order (`frames.answer`). After an answer other than `stored`
the store closes the connection: a request that the processor had already sent is then not stored before the one that
failed. The store may send a notification (`frames.notification`) between two answers.
"""

from edge_wire.store.frames.answer import CommitAnswer, MessageRejection, Status
from edge_wire.store.frames.answer_codec import AnswerParts, encode_answer
from edge_wire.store.frames.notification import decode_notification, encode_notification
from edge_wire.store.frames.request import CommitRequest, decode_request, encode_request
from edge_wire.store.frames.stream import MAX_FRAME_BYTES, Frame, FrameBuffer, FrameError, Kind

__all__ = [
    "MAX_FRAME_BYTES",
    "AnswerParts",
    "CommitAnswer",
    "CommitRequest",
    "Frame",
    "FrameBuffer",
    "FrameError",
    "Kind",
    "MessageRejection",
    "Status",
    "decode_notification",
    "decode_request",
    "encode_answer",
    "encode_notification",
    "encode_request",
]
