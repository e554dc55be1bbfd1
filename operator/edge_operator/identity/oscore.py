"""The OSCORE security context (RFC 8613) of a device, in the format that aiocoap loads as `settings.json`."""

import json

from edge_operator.identity import derive

GATEWAY_ID = b"\x00"
"""The gateway's identifier in every context; shorter than any device's, so never equal to one."""


def oscore_context(root: bytes, device_id: str, rotation: int) -> str:
    """Return the context as the device has it; the gateway's is the same with the identifiers exchanged.

    Args:
        root: the root key of the site.
        device_id: the device.
        rotation: of its credentials; a device that has lost its sequence number needs another one.
    """
    key = derive.oscore_key(root)
    context = {
        "algorithm": "AES-CCM-16-64-128",
        "kdf-hashfun": "sha256",
        "sender-id_hex": derive.oscore_sender_id(key, device_id).hex(),
        "recipient-id_hex": GATEWAY_ID.hex(),
        "secret_hex": derive.oscore_secret(key, device_id, rotation).hex(),
    }
    return json.dumps(context)
