"""Why there can be no node on a machine."""

import os
import sys
from pathlib import Path

import pytest

from e2e.cluster import packages
from e2e.cluster.node import possible


def test_other_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert possible.prepare(str, building=False) == "it needs Linux, this is darwin"


def test_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert possible.prepare(str, building=False) == "it needs root"


def test_machine_without_apt_gets_a_list_of_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "SYSTEM_PATH", str(tmp_path))
    monkeypatch.setattr(possible, "SYSTEM_PATH", str(tmp_path))
    reason = possible.prepare(str, building=False)
    assert reason
    assert reason.startswith(
        "it needs unshare, nsenter, mount, ip, iptables-restore, a static busybox, and there is no"
    )


@pytest.mark.usefixtures("node_programs")
def test_what_a_trial_says_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(possible, "TRIAL", "echo 'no bridges here' >&2; exit 1")
    assert possible.prepare(str, building=False) == "this machine does not let it: no bridges here"
    monkeypatch.setattr(possible, "TRIAL", "sleep 5")
    monkeypatch.setattr(possible, "TRIAL_SECONDS", 0.2)
    assert possible.prepare(str, building=False) == "namespaces and a bridge could not be made within 0 s"
