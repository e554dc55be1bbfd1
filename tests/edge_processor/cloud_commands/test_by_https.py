"""Commands from the cloud to a device and back, by HTTPS: real gateway, store, broker, processor and TLS."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge_processor.cloud_commands.cloud import Cloud, cloud
from tests.edge_processor.cloud_commands.conftest import CommandedSite
from tests.edge_service.process import ServiceProcess
from tests.edge_service.waiting import eventually

OK = {"status": "ok", "result": {"took": 3}}


@pytest.fixture
async def far(commanded: CommandedSite, tmp_path: Path) -> AsyncIterator[Cloud]:
    async with cloud(tmp_path) as made:
        yield made
        # Before the server stops: it would end while requests wait in it.
        commanded.kill_processors()
        made.is_ending = True
        await made.end.idle()


@pytest.fixture
def processor(commanded: CommandedSite, far: Cloud) -> ServiceProcess:
    return commanded.processor(far.end.url, far.end.directory / "credentials").start()


async def test_a_command_reaches_its_device_and_the_acknowledgement_comes_back(
    commanded: CommandedSite, far: Cloud, processor: ServiceProcess
) -> None:
    commanded.allow("d1", "d2")
    async with (
        commanded.device("d1", OK) as device,
        commanded.device("d2", {"status": "failed", "result": "jammed"}) as other,
    ):
        far.send("d1", "m-1", params={"to": 5}, ticket="T-1")
        far.send("d2", "m-1", {"action": "close", "delay": 3})
        assert await far.result("d1", "m-1") == {"state": "Acked", "status": "ok", "result": {"took": 3}}
        assert await far.result("d2", "m-1") == {"state": "Failed", "status": "failed", "result": "jammed"}
        (command,) = device.got
        assert (command["command_id"], command["command"], command["params"]) == ("m-1", "open", {"to": 5})
        assert command["ticket"] == "T-1"
        assert "device_id" not in command
        (command,) = other.got
        assert (command["command_id"], command["action"], command["delay"]) == ("m-1", "close", 3)
        assert "command" not in command
    assert far.sites == {"ns/hall"}
    lines = sorted(commanded.audit(), key=lambda line: str(line["device"]))
    named = [(line["actor"], line["device"], line["command_id"], line["command"]) for line in lines]
    assert named == [("cloud", "d1", "m-1", "open"), ("cloud", "d2", "m-1", "")]
    # The device may answer before the broker does.
    assert [line["state"] in {"Sent", end} for line, end in zip(lines, ("Acked", "Failed"), strict=True)] == [
        True,
        True,
    ]
    figure = await commanded.gateway.figure("edge_gateway_commands_total", actor="cloud", state="Acked")
    assert figure == 1.0


async def test_what_may_not_be_sent_is_refused_with_the_reason(
    commanded: CommandedSite, far: Cloud, processor: ServiceProcess
) -> None:
    commanded.allow("d1", allowed=False)
    commanded.allow("d2")
    async with commanded.device("d1", OK) as device, commanded.device("d2", OK) as other:
        far.send("d1", "m-1")
        far.send("nobody", "m-1")
        far.send("d2", "m-2", expires_in="5s")
        far.send("d2", "m-3", expires_at=None)
        refused = await far.result("d1", "m-1")
        assert (refused["state"], refused["reason"]) == ("Refused", "CloudCommandsDisabled")
        assert "spec.cloudCommands" in refused["message"]
        assert (await far.result("nobody", "m-1"))["reason"] == "DeviceNotFound"
        assert (await far.result("d2", "m-2"))["reason"] == "InvalidBody"
        assert "expires_at" in (await far.result("d2", "m-3"))["message"]
        # The permission takes effect without a restart.
        commanded.allow("d1")
        far.send("d2", "m-4")
        await far.result("d2", "m-4")
        far.send("d1", "m-5")
        assert (await far.result("d1", "m-5"))["state"] == "Acked"
        assert (device.ids, other.ids) == (["m-5"], ["m-4"])
    refusals = {(line["device"], line["command_id"]): line["reason"] for line in commanded.audit() if "reason" in line}
    assert refusals == {
        ("d1", "m-1"): "CloudCommandsDisabled",
        ("nobody", "m-1"): "DeviceNotFound",
        ("d2", "m-2"): "InvalidBody",
        ("d2", "m-3"): "InvalidBody",
    }
    assert await commanded.gateway.figure("edge_gateway_commands_total", actor="cloud", state="Refused") == 4.0


async def test_a_deadline_that_passes_is_the_result(
    commanded: CommandedSite, far: Cloud, processor: ServiceProcess
) -> None:
    commanded.allow("d1")
    async with commanded.device("d1", None) as device:
        far.send("d1", "late", seconds=-5)
        far.send("d1", "m-1", seconds=1.5)
        assert (await far.result("d1", "late"))["state"] == "Expired"
        assert (await far.result("d1", "m-1"))["state"] == "Expired"
        assert "late" not in device.ids
    states = [(line["command_id"], line["state"]) for line in commanded.audit()]
    assert ("late", "Expired") in states


async def test_devices_that_do_not_answer_delay_no_other(
    commanded: CommandedSite, far: Cloud, processor: ServiceProcess
) -> None:
    slow = [f"d{number}" for number in range(2, 41)]
    commanded.allow("d1", *slow)
    for device_id in slow:
        for number in range(3):
            far.send(device_id, f"s-{number}", seconds=300)
    async with commanded.device("d1", OK):
        # 117 commands are open when it comes, to devices without a session.
        await eventually(
            "the slow commands are sent", lambda: sum(line["state"] == "NoSession" for line in commanded.audit()) == 117
        )
        begun = asyncio.get_running_loop().time()
        far.send("d1", "m-1")
        assert (await far.result("d1", "m-1"))["state"] == "Acked"
        assert asyncio.get_running_loop().time() - begun < 5
    assert len(far.results) == 1


async def test_g5_a_processor_killed_after_sending_sends_no_second_time(commanded: CommandedSite, far: Cloud) -> None:
    commanded.allow("d1")
    credentials = far.end.directory / "credentials"
    first = commanded.processor(far.end.url, credentials).start()
    async with commanded.device("d1", None) as device:
        far.send("d1", "m-1")
        await eventually("the command", lambda: device.got)
        first.kill()
        await device.acknowledge("m-1", status="ok", result=7)
        commanded.processor(far.end.url, credentials, "second").start()
        assert await far.result("d1", "m-1") == {"state": "Acked", "status": "ok", "result": 7}
        assert device.ids == ["m-1"]
    assert len(commanded.audit()) == 1


async def test_a_gateway_killed_in_between_costs_no_command(
    commanded: CommandedSite, far: Cloud, processor: ServiceProcess
) -> None:
    commanded.allow("d1")
    async with commanded.device("d1", None) as device:
        far.send("d1", "m-1")
        await eventually("the command", lambda: device.got)
        commanded.gateway.process.kill()
        far.send("d1", "m-2")
        await asyncio.sleep(1)
        commanded.gateway.process.start().await_ready()
        await eventually("the second command", lambda: "m-2" in device.ids)
        for command_id in ("m-1", "m-2"):
            await device.acknowledge(command_id, status="ok")
            assert (await far.result("d1", command_id))["state"] == "Acked"
        assert device.ids == ["m-1", "m-2"]


async def test_a_result_waits_for_the_cloud_and_a_changed_token_needs_no_restart(
    commanded: CommandedSite, far: Cloud, processor: ServiceProcess
) -> None:
    commanded.allow("d1")
    token = far.end.directory / "credentials" / "token"
    async with commanded.device("d1", None) as device:
        far.send("d1", "m-1")
        await eventually("the command", lambda: device.got)
        await far.end.stop()
        right = token.read_text()
        token.write_text("wrong")
        await device.acknowledge("m-1", status="ok")
        await far.end.start()
        await asyncio.sleep(2)
        assert not far.results
        token.write_text(right)
        assert (await far.result("d1", "m-1"))["state"] == "Acked"
        assert device.ids == ["m-1"]


async def test_without_the_setting_nobody_asks_the_cloud(commanded: CommandedSite, far: Cloud) -> None:
    process = commanded.site.processor(
        CLOUD_ENDPOINT=far.end.url, CLOUD_CREDENTIALS_DIR=str(far.end.directory / "credentials")
    )
    process.start().await_ready()
    far.send("d1", "m-1")
    await asyncio.sleep(2)
    assert not [request for request in far.end.requests if "commands" in request[1]]
