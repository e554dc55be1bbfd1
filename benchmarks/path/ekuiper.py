"""eKuiper beside processor and store: the same loads, converted and republished, stored nowhere.

eKuiper is built in its repository (`GOWORK=off go build -trimpath -tags core ./cmd/kuiperd`) and named by `--ekuiper`;
the folder `etc` of the repository must be beside the program.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.path.figures import wait_until_quiet
from benchmarks.path.peer import peer_rows
from benchmarks.path.plan import Plan
from benchmarks.path.site import MeasuredSite
from benchmarks.table import Row
from e2e.cluster.ports import free_ports

START_SECONDS = 30.0
POLL_SECONDS = 0.2
BUFFERED_MESSAGES = 500_000
"""Length of the queue of a rule: it drops what does not fit."""

STREAM = 'CREATE STREAM data () WITH (DATASOURCE="devices/+/data", FORMAT="json", TYPE="mqtt", SHARED="false")'
RULE = (
    "SELECT device_id, sensor_type, location, session, seq, timestamp,"
    ' CASE WHEN unit = "fahrenheit" THEN (value - 32) * 5 / 9 ELSE value END AS value,'
    ' CASE WHEN unit = "fahrenheit" THEN "celsius" ELSE unit END AS unit FROM data'
)


def ekuiper(plan: Plan) -> Iterator[Row]:
    """Measure eKuiper, if it was named."""
    if plan.ekuiper is not None:
        with plan.site() as site, _running(site, plan.ekuiper) as pid:
            yield from peer_rows("eKuiper", plan, site, pid)


@contextmanager
def _running(site: MeasuredSite, program: Path) -> Iterator[int]:
    base = site.directory / "ekuiper"
    _lay_out(site, program, base)
    port, rpc, data = free_ports(3)
    settings = {
        "KuiperBaseKey": str(base),
        "KUIPER__BASIC__RESTIP": "127.0.0.1",
        "KUIPER__BASIC__RESTPORT": str(port),
        "KUIPER__BASIC__IP": "127.0.0.1",
        "KUIPER__BASIC__PORT": str(rpc),
        "KUIPER__BASIC__PPROF": "false",
        "KUIPER__SOURCE__HTTPSERVERIP": "127.0.0.1",
        "KUIPER__SOURCE__HTTPSERVERPORT": str(data),
    }
    with (base / "log" / "out.log").open("wb") as log:
        process = subprocess.Popen([program], cwd=base, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _await_api(url)
        _post(f"{url}/streams", {"sql": STREAM})
        _post(f"{url}/rules", _rule(site))
        wait_until_quiet([process.pid])
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _lay_out(site: MeasuredSite, program: Path, base: Path) -> None:
    shutil.copytree(program.parent / "etc", base / "etc")
    for name in ("data", "log", "plugins/sources", "plugins/sinks", "plugins/functions", "plugins/portable"):
        (base / name).mkdir(parents=True, exist_ok=True)
    (base / "etc" / "mqtt_source.yaml").write_text(json.dumps({"default": {**_login(site), "clientid": "ekuiper-in"}}))


def _login(site: MeasuredSite) -> dict[str, Any]:
    return {
        "server": site.broker.components_url.replace("mqtt://", "tcp://"),
        "qos": 1,
        "username": "~processor",
        "password": site.broker.passwords["~processor"],
        "protocolVersion": "3.1.1",
    }


def _rule(site: MeasuredSite) -> dict[str, Any]:
    sink = {**_login(site), "clientid": "ekuiper-out", "topic": "cloud/sensors/{{.device_id}}", "sendSingle": True}
    return {
        "id": "out",
        "sql": RULE,
        "actions": [{"mqtt": {**sink, "bufferLength": BUFFERED_MESSAGES}}],
        "options": {"bufferLength": BUFFERED_MESSAGES},
    }


def _await_api(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(POLL_SECONDS)


def _post(url: str, body: Mapping[str, Any]) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request):
        pass
