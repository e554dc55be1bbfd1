"""Settings of the store."""

from dataclasses import dataclass
from pathlib import Path

from edge_service.setting import duration, one_of, path, port, setting, whole_number
from edge_service.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class StorageSettings(ServiceSettings):
    """Settings of the store. `retention_max_age` is in seconds; its variable has a unit."""

    storage_type: str = setting("Where readings are kept: local is a database file.", one_of("local"), default="local")
    storage_path: Path = setting("Directory of the database.", path, default=Path("/data"))
    mqtt_broker: str = setting(
        "The broker for the store's own status; not used by this release.", default="tcp://localhost:1883"
    )
    retention_max_bytes: int | None = setting(
        "Bytes that all files of the store may occupy; above it, the oldest readings are dropped. No limit if unset.",
        whole_number(1),
        default=None,
    )
    retention_max_age: float | None = setting(
        "Age, by the time of arrival, from which readings are dropped. No limit if unset.", duration(), default=None
    )
    ingest_port: int = setting(
        "Port for the binary frames of the processor, on HOST; 0 takes a free one and logs it.", port, default=8081
    )
