"""PodSecurity `restricted`, written down again: what a pod's spec does that it forbids."""

from typing import Any

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def violations(pod: dict[str, Any]) -> list[str]:
    """Return what the standard forbids in a pod's spec; nothing for a good one."""
    found = [f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    found += [f"volume {each['name']}" for each in pod.get("volumes", ()) if not VOLUMES & set(each)]
    pod_level = pod.get("securityContext", {})
    for container in (*pod.get("containers", ()), *pod.get("initContainers", ())):
        found += [f"{container['name']}: {each}" for each in _container_violations(container, pod_level)]
    return found


def _container_violations(container: dict[str, Any], pod_level: dict[str, Any]) -> list[str]:
    own = container.get("securityContext", {})
    both = pod_level | own
    capabilities = own.get("capabilities", {})
    checks = {
        "privileged": own.get("privileged"),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
        "capabilities kept": capabilities.get("drop") != ["ALL"],
        "capabilities added": set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"},
        "may run as root": both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0,
        "seccomp": both.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"},
        "procMount": own.get("procMount", "Default") != "Default",
        "host ports": any(port.get("hostPort") for port in container.get("ports", ())),
        "sysctls": both.get("sysctls"),
    }
    return [what for what, violated in checks.items() if violated]
