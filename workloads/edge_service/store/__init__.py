"""The client of the site's store."""

from edge_service.store.client import StoreClient
from edge_service.store.errors import StoreRefusedError

__all__ = ["StoreClient", "StoreRefusedError"]
