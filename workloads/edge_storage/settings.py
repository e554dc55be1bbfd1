"""Settings of the store."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from edge_service.duration import Seconds
from edge_service.settings import ServiceSettings


class StorageSettings(ServiceSettings):
    """Settings of the store."""

    storage_type: Literal["local"] = "local"
    """Where readings are kept: local is a database file."""

    storage_path: Path = Path("/data")
    """Directory of the database."""

    sync_interval: Seconds = 300.0
    """Longest pause between two attempts to reach the cloud; not used by this release."""

    cloud_endpoint: str | None = None
    """Where readings are forwarded to; not used by this release."""

    cloud_credentials_dir: Path | None = None
    """Directory with the credentials for the cloud; not used by this release."""

    mqtt_broker: str = "tcp://localhost:1883"
    """The broker for the store's own status; not used by this release."""

    retention_max_bytes: Annotated[int, Field(gt=0)] | None = None
    """How much may be kept; not used by this release."""

    retention_max_age: Seconds | None = None
    """How long readings are kept; not used by this release."""
