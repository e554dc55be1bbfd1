"""The parts of stored readings that are equal for all readings with the same type, unit and location."""

from collections.abc import Callable

import orjson

from edge_readings.conversions import conversion
from edge_readings.rules import Rule, Rules

MAX_KINDS = 4096
"""Number of kinds in the cache; when it is full, it starts again."""

MAX_CACHED_CHARACTERS = 256
"""Characters of type, unit and location together, above which they are not cached."""

KindKey = tuple[str, str | None, str | None]
"""Sensor type, unit and location, as the device sent them."""


class Kind:
    """Readings with the same type, unit and location.

    Attributes:
        before_value: the JSON from the end of `timestamp` to the value.
        after_value: the JSON from the value to the first member of `metadata`.
        convert: to the stored unit; None if the unit is stored as it is.
        is_humidity: whether the value is limited to 0 to 100.
        rules: for readings of this type.
    """

    __slots__ = ("after_value", "before_value", "convert", "is_humidity", "rules")

    def __init__(self, key: KindKey, site_location: str, rules: Rules) -> None:
        sensor_type, unit, location = key
        how = conversion(sensor_type, unit or "")
        self.before_value = b'","sensor_type":%b,"value":' % orjson.dumps(sensor_type)
        parts = (orjson.dumps(how.unit), orjson.dumps(location or site_location))
        self.after_value = b',"unit":%b,"location":%b,"metadata":{' % parts
        self.convert: Callable[[float], float] | None = how.convert
        self.is_humidity = how.is_humidity
        self.rules: tuple[Rule, ...] = rules.about(sensor_type)


class Kinds:
    """The last kinds of readings, in bounded memory whatever devices send.

    Args:
        location: of the site, for readings that name none.
        rules: of the site.
    """

    __slots__ = ("_kinds", "_location", "_rules", "get")

    def __init__(self, location: str, rules: Rules) -> None:
        self._kinds: dict[KindKey, Kind] = {}
        self._location = location
        self._rules = rules
        self.get = self._kinds.get

    def add(self, key: KindKey) -> Kind:
        """Return a new kind, which is cached if its texts are short."""
        kind = Kind(key, self._location, self._rules)
        if sum(len(text or "") for text in key) <= MAX_CACHED_CHARACTERS:
            if len(self._kinds) >= MAX_KINDS:
                self._kinds.clear()
            self._kinds[key] = kind
        return kind
