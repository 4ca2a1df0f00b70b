# SPDX-License-Identifier: MIT
"""A device's page, the packets of an alert and the settings in a browser, without the script."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from appliance.alerts.store import AlertReader
from appliance.evidence import cutting
from appliance.evidence.packet_ring import RingFrame
from appliance.reports.devices import DevicesReport, HeardDevice
from appliance.reports.page_settings import CardSetting, PageSettingsReport
from tests.frames import ethernet, ipv4, udp
from tests.net.namespaces import DEADLINE_S
from tests.web.alerts import add, an_alert
from tests.web.axe import findings
from tests.web.serving import Sensor
from tests.web.test_inbox import logged_in
from tests.web.test_looks import LARGEST_PAGE, SIZES, overflow, picture

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

DEVICE = "/devices/192.168.1.20"


def arrange(sensor: Sensor) -> str:
    """Fill in alerts, devices, packets and a card's setting; return the name of the packets."""
    add(sensor.store, [an_alert(sid=2_000_000 + n, message=f"ET TEST {n}") for n in range(200)])
    now = time.time()
    devices = tuple(
        HeardDevice(
            f"192.168.1.{20 + number}", f"b8:27:eb:00:00:{number:02x}", f"device-{number}", "DHCP",
            now - 86_400 * number, now - number,
        )
        for number in range(12)
    )  # fmt: skip
    sensor.publish(DevicesReport(now, now, 0, 0, 0, 0, 0, 0, devices))
    sensor.publish(PageSettingsReport(now, card=(CardSetting("leds", "brightness", "50"),)))
    for name in ("names", "page-settings", "evidence"):
        (sensor.directory / name).mkdir(exist_ok=True)
    alert = AlertReader(sensor.directory / "alerts.db").latest(1)[0]
    time_us = cutting.time_us_of(alert["time"])
    frame = ethernet(ipv4(udp(b"GET /cgi-bin/<script>alert(1)</script> HTTP/1.1\r\n" * 3)))
    around = [RingFrame((time_us + n) * 1000, frame, len(frame)) for n in range(-4, 4)]
    name = cutting.name_of(alert["id"], time_us)
    (sensor.directory / "evidence" / f"{name}.pcap").write_bytes(cutting.pcap(around))
    return name


def test_an_owner_names_a_device_and_changes_a_setting(browser: Browser, sensor: Sensor) -> None:
    arrange(sensor)
    page = logged_in(browser, sensor, "light")
    page.goto("/alerts")
    page.get_by_role("link", name="device-0").first.click()
    page.get_by_label("You call it").fill("Anna's laptop")
    page.get_by_role("button", name="Keep the name").click()
    expect(page.get_by_role("heading", name="Anna's laptop")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="device-0")).to_be_visible()
    page.goto("/system")
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("heading", name="[leds]").click()
    # Enter keeps what was filled in, and takes nothing back.
    page.get_by_label("brightness", exact=True).fill("20")
    page.get_by_label("brightness", exact=True).press("Enter")
    expect(page.get_by_text("1 change from here holds from the next start on")).to_be_visible()
    page.get_by_label("brightness", exact=True).fill("900")
    page.get_by_role("button", name="Keep [leds]").click()
    expect(page.get_by_text("brightness = 900: expected")).to_be_visible()
    page.goto("/settings?did=leds")
    page.get_by_role("button", name="Back to what the card says").click()
    expect(page.get_by_text("Nothing waits for a start.")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_they_look_well(browser: Browser, sensor: Sensor, size: str, scheme: str) -> None:
    packets = arrange(sensor)
    page = logged_in(browser, sensor, scheme)
    state = page.context.storage_state()
    page.context.close()
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=sensor.url, storage_state=state, viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    for name, path in (
        ("device", DEVICE), ("devices", "/devices/list"), ("settings", "/settings?did=leds"),
        ("packets", f"/evidence/{packets}"),
    ):  # fmt: skip
        answer = page.goto(path)
        assert answer is not None and answer.ok and len(answer.body()) < LARGEST_PAGE, path
        assert findings(page) == []
        picture(page, f"{name}-{size}-{scheme}")
        assert overflow(page, size) == 0
    context.close()
