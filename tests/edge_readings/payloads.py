"""Random payloads of devices: ordinary ones, and ones that are odd in every field and as a whole."""

import json
from random import Random
from typing import Any

ORDINARY = "2026-11-29T04:01:02.123Z"
TIMESTAMPS: tuple[Any, ...] = (
    *("2026-11-29T04:01:02.123456789Z", ORDINARY, "2026-11-29T04:01:02.1Z", "2026-11-29T04:01:02.12Z"),
    *("2026-11-29T04:01:02Z", "2026-11-29T04:01:02.Z", "2026-11-29T04:01:02.123456+00:00", "2026-11-29T04:01:02+00:00"),
    *("2026-11-29T04:01:02.123+02:00", "2026-11-29T04:01:02.123-00:00", "2026-11-29 04:01:02.123Z"),
    *("2026-11-29t04:01:02.123z", "2026-13-29T04:01:02.123Z", "2026-11-29T04:01:60.123Z", "2026-11-29T24:00:00.123Z"),
    # Around both limits of what is suspect: 2000, and an hour after the arrival.
    *("1999-12-31T23:59:59.999Z", "2000-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z", "2036-11-29T04:01:02.123Z"),
    *("2026-11-29T05:01:01.000Z", "2026-11-29T05:01:02.125Z", "2026-11-29T05:01:02.126Z", "2026-11-29T05:01:02Z"),
    *("2026-11-29T04:01:02.123456789012345678Z", "2026-11-29T04:01:02.1234567890123456789Z"),
    *("٢026-11-29T04:01:02.123Z", "2026-11-29T04:01:02.12٣Z", "2026-11-29T04:01:02.123٣Z", "2026-W48-7T04:01:02.123Z"),
    *("2026-11-29T04:01:02.123ZZ", "2026-11-29T04:01:02.123Z\n", "", "x", 1795926062, 1795926062.5, 1795926062125),
    *(None, True, [ORDINARY], "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000+10:00"),
)
VALUES: tuple[Any, ...] = (
    *(60.5, 72, 0, -40, 1e300, 1.7e308, -1.7e308, 1e16, 1.5e-7, 5e-324, 212, 10**18, 2**53 + 1, 2**63, 2**64, 10**25),
    *("5", True, None, 99.9, 100.00000000000001, 33.333333333333336, -0.0, [1], {}),
)
TYPES: tuple[Any, ...] = (
    *("temperature", "Temperature", "TEMP", "humidity", "Humidity", "HUMİDITY", "pressure", 'hum"idity\n', "t" * 300),
    *("", None, 3, "темп", "\u2028"),
)
UNITS: tuple[Any, ...] = (
    *(
        "fahrenheit",
        " Fahrenheit ",
        "F",
        "°F",
        "℉",
        "bar",
        "Bars",
        "celsius",
        "percent",
        "",
        None,
        "kPa\\",
        7,
        "u" * 300,
    ),
    *("FAHRENHEİT", "\tbar"),
)
SESSIONS: tuple[Any, ...] = (
    *("abc", 'a"b', "ö\u2028", "", 7, 0, -(2**63), 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 2**70, None, True),
    *(1.5, 1.0, [], "s" * 300),
)
SEQS: tuple[Any, ...] = (*(1, 2, 3, 0, None, "1", -1, -(2**63), 2**63 - 1, 2**63, -(2**63) - 1, 2**70, True, 1.0, []),)
METADATA: tuple[Any, ...] = (
    *(
        {},
        {"a": 1},
        {"seq": 1, "t": 2},
        {"processed_at": 1, "b": 2},
        {"b": 1, "processor": "x"},
        {"time_suspect": True},
    ),
    *(
        None,
        [],
        "x",
        1,
        {"a": {"b": [1, 2, {"c": None}]}},
        {"x": "}", "y": "\\"},
        {"": ""},
        {"ö": "\u2028", "\n": "\x7f"},
    ),
    *({"n": 2**63}, {"n": 2**64 - 1}, {"n": 2**64}, {"n": -(2**63) - 1}, {"n": [10**30]}, {"n": -0.0}, {"n": 1e-310}),
    *({"offset": 1, "received_at": 2}, {"long": "x" * 2000}, {"many": {str(n): n for n in range(100)}}),
    *({"deep": json.loads("[" * depth + "]" * depth)} for depth in (30, 61, 62, 63, 64, 70)),
    {"wide": [[n] for n in range(70)]},
)
TOKENS = (
    *(b"\xff", b"\xc3\xb6", b"\xed\xa0\x80", b"\\ud800", b"\\udc00", b"\\ud83d\\ude00", b"\\ud800\\u0041", b"\\u0041"),
    *(
        b"\\u0000",
        b"\\q",
        b"\t",
        b"\n",
        b"\x00",
        b" ",
        b'"',
        b",",
        b"}",
        b"{",
        b"]",
        b"[",
        b":",
        b"0",
        b"-",
        b".",
        b"e9",
    ),
    *(b"NaN", b"Infinity", b"null", b"true", b"1e999", b"123456789012345678901234567890", b"01", b"-0", b"1.", b'\\"'),
)
ODD_NUMBERS = (
    b"1e999",
    b"-1e999",
    b"10000000000000000000000",
    b"01",
    b"-0",
    b"NaN",
    b"Infinity",
    b"1.",
    b"1E5",
    b"-",
    b"5",
)


def ordinary(random: Random) -> dict[str, Any]:
    """Return a reading as most devices send it."""
    return {
        "device_id": "dev1",
        "timestamp": f"2026-11-29T04:01:{random.randrange(60):02}.{random.randrange(1000):03}Z",
        "sensor_type": random.choice(("temperature", "humidity", "pressure")),
        "value": random.uniform(-50, 400),
        "unit": random.choice(("fahrenheit", "bar", "celsius", "percent")),
        "location": "hall",
        "metadata": random.choice(({}, {"t": 1}, {"firmware": "1.2", "rssi": -61.5})),
        "session": "abc",
        "seq": random.randrange(100_000),
    }


def odd(random: Random) -> dict[str, Any]:
    """Return an object that is a reading or nearly one."""
    fields: dict[str, Any] = {
        "device_id": random.choice(("dev1", "dev1", "dev1", "dev2", "", None, 5)),
        "timestamp": random.choice((ORDINARY, ORDINARY, *TIMESTAMPS)),
        "sensor_type": random.choice(("temperature", "humidity", *TYPES)),
        "value": random.choice(VALUES),
        "unit": random.choice(UNITS),
        "location": random.choice(("hall 9", "", None, "ö\u2028", 1)),
        "metadata": random.choice(METADATA),
        "session": random.choice(SESSIONS),
        "seq": random.choice(SEQS),
    }
    for name in tuple(fields):
        if random.random() < 0.12:
            del fields[name]
    if random.random() < 0.15:
        fields[random.choice(("extra", "offset", "received_at", "Value", ""))] = random.choice((1, "x", None, [1]))
    names = list(fields)
    random.shuffle(names)
    return {name: fields[name] for name in names}


def one_odd_field(random: Random) -> dict[str, Any]:
    """Return an ordinary reading with one field of an odd one."""
    reading, other = ordinary(random), odd(random)
    name = random.choice(list(other) or ["value"])
    return reading | {name: other.get(name)}


def mutated(random: Random, payload: bytes) -> bytes:
    """Return `payload` with something inserted, replaced or repeated."""
    at = random.randrange(len(payload) + 1)
    kind = random.randrange(5)
    if kind == 0:
        return payload[:at] + random.choice(TOKENS) + payload[at:]
    if kind == 1:
        return payload[:at] + payload[at + 1 + random.randrange(3) :]
    if kind == 2:
        return payload[:at] + random.choice(TOKENS) + payload[at + 1 :]
    if kind == 3:
        # Keys that come twice: the later one counts, but both must be valid.
        twice = random.choice((b'"metadata":{"a":"\xff"},', b'"metadata":{"a":1},', b'"value":[1],', b'"seq":1.5,'))
        return payload[:1] + twice + payload[1:]
    return payload.replace(b"61.5", random.choice(ODD_NUMBERS)).replace(b'"t"', b'"%b"' % random.choice(TOKENS))


def payload(random: Random) -> bytes:
    """Return a random payload."""
    share = random.random()
    if share < 0.01:
        return random.randbytes(random.randrange(20))
    if share < 0.05:
        return json.dumps([odd(random) for _ in range(random.randrange(4))]).encode()
    make = random.choice((ordinary, one_odd_field, odd))
    separators = random.choice(((",", ":"), (", ", ": ")))
    text = json.dumps(
        make(random), ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 1)), separators=separators
    ).encode()
    return mutated(random, text) if share < 0.3 else text
