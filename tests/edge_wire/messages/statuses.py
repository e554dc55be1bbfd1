"""Payloads of statuses of the device pump-1 and what they mean: the same for every program that reads them."""

from typing import NamedTuple


class Word(NamedTuple):
    """A payload and its meaning.

    Attributes:
        payload: what arrives on the topic, or as the body of a request.
        meaning: online, offline or alive.
        word: the device's own word.
        fault: reason of what cannot be read of it; None if all can.
    """

    payload: bytes
    meaning: str
    word: str = ""
    fault: str | None = None


WORDS = (
    Word(b"online", "online"),
    Word(b"Online", "online"),
    Word(b' "ONLINE"\n', "online"),
    Word(b'{"status":"online"}', "online"),
    Word(b'{"status":" Online "}', "online"),
    Word(b'{"state":"online"}', "online"),
    Word(b'{"status":null,"state":"online"}', "online"),
    Word(b"\xef\xbb\xbfonline", "online"),
    Word(b'\xef\xbb\xbf{"status":"online"}', "online"),
    Word(b"online".ljust(500), "online"),
    Word(b"offline", "offline"),
    Word(b'"Offline"', "offline"),
    Word(b'{"status":"OFFLINE"}', "offline"),
    Word(b'{"state":"offline"}', "offline"),
    Word(b'{"status":"offline","rssi":NaN}', "offline"),
    Word(b"idle", "alive", "idle"),
    Word(b"on line", "alive", "on line"),
    Word("l\u00e4uft".encode(), "alive", "l\u00e4uft"),
    Word(b'{"status":"Standby"}', "alive", "Standby"),
    Word(b"1", "alive", "1"),
    Word(b"true", "alive", "true"),
    Word(b'{"status":true}', "alive", "true"),
    Word(b'{"status":0}', "alive", "0"),
    Word(b'{"status":"' + b"x" * 128 + b'"}', "alive", "x" * 128),
    Word(b'{"status":"' + b"x" * 129 + b'"}', "alive", "", "field"),
    Word(b"x" * 129, "alive", "", "field"),
    Word(b"x" * 9000, "alive", "", "field"),
    Word(b"\xef\xbb\xbf", "alive", "", "empty"),
    Word(b" ", "alive", "", "json"),
    Word(b'""', "alive", "", "field"),
    Word(b"\x00", "alive", "", "field"),
    Word(b"\xff\xfe", "alive", "", "utf8"),
    Word(b"{", "alive", "", "json"),
    Word(b'{"status":"online"', "alive", "", "json"),
    Word(b"[]", "alive", "", "type"),
    Word(b"{}", "alive", "", "field"),
    Word(b'{"status":null}', "alive", "", "field"),
    Word(b'{"status":["online"]}', "alive", "", "type"),
    Word(b'{"status":"online","id":"pump-2"}', "alive", "", "impersonation"),
    Word(b'{"status":"online","id":7}', "alive", "", "type"),
    Word(b'{"status":"online","name":7}', "online", "", "type"),
    Word(b'{"status":"offline","metadata":[]}', "offline", "", "type"),
    Word(b'{"status":"idle","reason":{}}', "alive", "idle", "type"),
    Word(b'{"a":' * 70 + b"1" + b"}" * 70, "alive", "", "depth"),
    Word(b'{"status":"' + b"x" * 262_144 + b'"}', "alive", "", "too_large"),
)
