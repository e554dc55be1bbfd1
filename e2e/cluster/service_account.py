"""Kubeconfigs of service accounts: programs run with the token and the rights that they have in a pod."""

import json
from collections.abc import Callable

LIFETIME = "720h"


def service_account_kubeconfig(kubectl: Callable[..., str], namespace: str, name: str) -> str:
    """Return a kubeconfig with a fresh token of a service account.

    Args:
        kubectl: runs kubectl as the administrator and returns what it printed.
        namespace: namespace of the service account.
        name: its name.
    """
    token = kubectl("create", "token", name, "-n", namespace, f"--duration={LIFETIME}")
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token.strip()}}]
    return json.dumps(config)
