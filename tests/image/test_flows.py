# SPDX-License-Identifier: MIT
"""A router's flows in the booted image: the service starts by itself, and the host is shown."""

from __future__ import annotations

import pytest

from image.machine.guest import Guest
from image.machine.page_client import PageClient
from tests.unit.flows.exporting import flow_set, record, template, v9

pytestmark = [pytest.mark.image, pytest.mark.timeout(1200)]

SEND = (
    "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto("
    "bytes.fromhex('{}'), ('127.0.0.1', 2055))"
)


def test_a_host_is_shown_by_itself(guest: Guest, page: PageClient) -> None:
    """Of this machine's own flow alone: whoever is listed, it always may send."""
    made = v9(flow_set(0, template()), flow_set(256, record()))
    assert guest.execute("systemctl is-active glovebox-flows.socket")[0] == 0
    guest.run(f'python3 -c "{SEND.format(made.hex())}"')
    told = "grep -q '.kept.:1,' /run/glovebox/flows.json"
    guest.run(f'timeout 200 sh -c "until {told}; do sleep 0.2; done"', 220)
    # Its last totals are stored when it ends; templates, too.
    guest.run("systemctl restart glovebox-flows.service", 120)
    (found,) = page.get("api/hosts")["hosts"]
    assert (found["address"], found["month"]) == ("10.77.0.9", {"in": 0, "out": 1000})
    kept = guest.run("stat -c '%a %U %G' /var/lib/glovebox/flows/hosts.db")
    assert kept.strip() == "640 glovebox-flows glovebox"
    guest.run("test -s /var/lib/glovebox/flows/templates.json")
    print(guest.run("systemctl show glovebox-flows -P MemoryCurrent -P MemoryPeak"))


def test_each_port_has_a_queue_for_each_regular_sender(guest: Guest) -> None:
    """As many as the units name, also of the port of logs."""
    for name, ports in (("flows", ("2055", "4739")), ("logs", ("514",))):
        unit = f"/usr/lib/systemd/system/glovebox-{name}.socket"
        for port in ports:
            wanted = guest.run(f"grep -c ^ListenDatagram={port}$ {unit}")
            assert guest.run(f"ss -Hlun sport = :{port} | wc -l") == wanted != "1"


ASK = """
from appliance.questions.door import Asked, ask
print(ask(Asked(("SELECT src, dst, bytes, way FROM flows",))).answers[0].rows)
try:
    ask(Asked(("SELECT * FROM glob(chr(47))",)))
except Exception as error:
    print(error)
"""


def test_single_flows_come_to_the_card_and_are_asked_about(guest: Guest) -> None:
    """Through the collector's end, the store and the locked engine, each in its sandbox."""
    made = v9(flow_set(0, template()), flow_set(256, record()))
    guest.run(f'python3 -c "{SEND.format(made.hex())}"')
    told = "grep -q '.spooled.:[1-9]' /run/glovebox/flows.json"
    guest.run(f'timeout 200 sh -c "until {told}; do sleep 0.2; done"', 220)
    guest.run("systemctl stop glovebox-flows.service", 120)
    file = "ls /var/lib/glovebox/flowstore/*.parquet"
    guest.run(f'timeout 200 sh -c "until {file}; do sleep 0.2; done"', 220)
    report = guest.run("cat /run/glovebox/flowstore.json")
    assert '"error":""' in report and '"given_up":0' in report
    # The whole of raw_budget_mb fits on DATA.
    assert f'"budget":{640 << 20},' in report
    answer = guest.run(f"python3 -c '{ASK}'", 120)
    print(answer)
    assert "10.77.0.9" in answer and "out" in answer and "not allowed" in answer
    print(guest.run("systemctl show glovebox-flowstore.service -P MemoryPeak -P ExecMainStatus"))
