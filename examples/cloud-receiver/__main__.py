"""Runs the receiver: `python examples/cloud-receiver --port 8443 --ssl-certfile tls.crt --ssl-keyfile tls.key`."""

import argparse

import uvicorn


def main() -> None:
    """Serve until the process receives a signal."""
    parser = argparse.ArgumentParser(description="Receives readings and alerts of sites; see README.md.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--ssl-certfile", help="PEM file with the certificate; without one, plain HTTP")
    parser.add_argument("--ssl-keyfile", help="PEM file with its key")
    options = parser.parse_args()
    uvicorn.run("cloud_receiver:create_app", factory=True, access_log=False, timeout_keep_alive=75, **vars(options))


if __name__ == "__main__":
    main()
