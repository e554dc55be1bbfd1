"""Commands to devices, from the request to the device's answer."""
