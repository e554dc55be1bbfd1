"""Telegraf beside processor and store: the same loads, converted and republished, stored nowhere.

Telegraf is built from its Go module: `go build -tags "custom inputs.mqtt_consumer outputs.mqtt processors.starlark
parsers.json serializers.json" ./cmd/telegraf`, and named by `--telegraf`. It publishes on one topic: its template of a
topic cannot use the tags of a tracked metric (1.37.2), and messages of a persistent session become tracked metrics.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.path.figures import wait_until_quiet
from benchmarks.path.peer import peer_rows
from benchmarks.path.plan import Plan
from benchmarks.path.site import MeasuredSite
from benchmarks.table import Row

START_SECONDS = 5.0

CONFIGURATION = """
[agent]
  metric_batch_size = 1000
  metric_buffer_limit = 500000
  flush_interval = "50ms"
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["{url}"]
  topics = ["devices/+/data"]
  qos = 1
  persistent_session = true
  client_id = "edge-processor"
  username = "~processor"
  password = "{password}"
  max_undelivered_messages = 10000
  data_format = "json"
  json_string_fields = ["unit", "location", "timestamp", "sensor_type", "session"]
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "+/+/+"
    tags = "_/device/_"
[[processors.starlark]]
  source = '''
def apply(metric):
    if metric.fields.get("unit") == "fahrenheit":
        metric.fields["value"] = (metric.fields["value"] - 32) * 5 / 9
        metric.fields["unit"] = "celsius"
    return metric
'''
[[outputs.mqtt]]
  servers = ["{url}"]
  topic = "cloud/sensors/all"
  qos = 1
  username = "~processor"
  password = "{password}"
  client_id = "telegraf-out"
  data_format = "json"
"""


def telegraf(plan: Plan) -> Iterator[Row]:
    """Measure Telegraf, if it was named."""
    if plan.telegraf is not None:
        with plan.site() as site, _running(site, plan.telegraf) as pid:
            yield from peer_rows("Telegraf", plan, site, pid)


@contextmanager
def _running(site: MeasuredSite, program: Path) -> Iterator[int]:
    path = site.directory / "telegraf.conf"
    url = site.broker.components_url.replace("mqtt://", "tcp://")
    path.write_text(CONFIGURATION.format(url=url, password=site.broker.passwords["~processor"]))
    with (site.directory / "telegraf.log").open("wb") as log:
        process = subprocess.Popen([program, "--config", path], stdout=log, stderr=log)
    try:
        time.sleep(START_SECONDS)
        wait_until_quiet([process.pid])
        assert process.poll() is None, (site.directory / "telegraf.log").read_text()
        yield process.pid
    finally:
        process.kill()
        process.wait()
