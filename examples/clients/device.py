"""A device in Python: publishes a reading each second and carries out commands.

Needs paho-mqtt 2 (`pip install paho-mqtt`). Start: python3 device.py HOST PORT DEVICE PASSWORD CA_FILE
"""

import json
import sys
import time
from typing import Any

import paho.mqtt.client as mqtt

host, port, device, password, ca_file = sys.argv[1:]


def connected(client: mqtt.Client, *_: Any) -> None:
    """Report that the device is online, and subscribe to its commands, after each connect."""
    client.publish(f"devices/{device}/status", "online", qos=1, retain=True)
    client.subscribe(f"devices/{device}/command", qos=1)


def received(client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
    """Carry out a command and acknowledge it."""
    command = json.loads(message.payload)
    answer = {"command_id": command["command_id"], "status": "ok", "result": {"done": True}}
    client.publish(f"devices/{device}/command/ack", json.dumps(answer), qos=1)


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=device)
client.username_pw_set(device, password)
client.tls_set(ca_file)
client.will_set(f"devices/{device}/status", "offline", qos=1, retain=True)
client.on_connect, client.on_message = connected, received
client.connect_async(host, int(port))
client.loop_start()
session, number = f"start-{time.time_ns()}", 0
while True:
    number += 1
    reading = {"sensor_type": "pressure", "value": 1.2, "unit": "bar", "session": session, "seq": number}
    client.publish(f"devices/{device}/data", json.dumps(reading), qos=1)
    time.sleep(1)
