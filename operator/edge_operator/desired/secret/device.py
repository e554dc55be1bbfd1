"""The login of a device, with the address of the broker."""

from edge_operator.api.schema import API_VERSION
from edge_operator.desired.encoding import secret_data
from edge_operator.desired.inputs import DeviceInput, Manifest
from edge_operator.desired.metadata import device_labels
from edge_operator.identity.logins import device_login
from edge_operator.identity.oscore import oscore_context


def device_secret(device: DeviceInput) -> Manifest:
    """Return the Secret of a device; it goes with its EdgeDevice."""
    login = device_login(device.root, device.login.device_id, device.login.rotation)
    host = f"[{device.host}]" if ":" in device.host else device.host
    owner = {
        "apiVersion": API_VERSION,
        "kind": "EdgeDevice",
        "name": device.name,
        "uid": device.uid,
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": device.secret_name,
            "namespace": device.namespace,
            "labels": device_labels(device.site),
            "annotations": dict(device.annotations),
            "ownerReferences": [owner],
        },
        "type": "Opaque",
        "data": secret_data(
            {
                "username": login.username,
                "password": login.password,
                "host": device.host,
                "port": str(device.port),
                "url": f"mqtts://{host}:{device.port}",
                "oscore.json": oscore_context(device.root, device.login.device_id, device.login.rotation),
                **({"httpsUrl": device.https} if device.https else {}),
                **({"ca.crt": device.authority} if device.authority else {}),
                **_next_password(device),
            }
        ),
    }


def _next_password(device: DeviceInput) -> dict[str, str]:
    """Return the keys that are present only while a rotation is under way."""
    if device.next_rotation is None:
        return {}
    login = device_login(device.root, device.login.device_id, device.next_rotation)
    return {"nextPassword": login.password, "switchTime": device.switch_time}
