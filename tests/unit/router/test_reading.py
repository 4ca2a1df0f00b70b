# SPDX-License-Identifier: MIT
"""What counts as reading can do nothing else, whatever somebody types."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.router.reading import MENUS, only_reads
from tests.routeros import schema

READS = (
    "/ip address print", "/ip/address/print", "ip address print detail", "/export terse",
    "/ip firewall filter export", "/interface print where running", "/system resource print",
    '/ip firewall address-list print where list=glovebox and comment~"glovebox 1:2"',
    "/interface print where !disabled type=ether", "/log print without-paging",
)  # fmt: skip
CHANGES = (
    "/ip address add address=1.2.3.4/24", "/system reboot", "/export file=x", "", "print x",
    "/ip address print file=x", "/export show-sensitive", "/ip address print; /system reboot",
    "/ip address print where [/system reboot]", "/ip address print where a=$x",
    "/ip address print\n/system reboot", "/interface print interval=1", "/log print follow",
    '/ip address print where comment="[/system reboot]"', "/interface print where file=x",
    "/system script run print", ":put [/system reboot]", "/ip address {print}", "/ip address set",
    '/log print where message="a\\"; /system reboot"', "/interface print on-event=x", "é print",
    "/tool fetch url=x print", "/system backup save name=print",
)  # fmt: skip


@pytest.mark.parametrize("command", READS)
def test_what_reads(command: str) -> None:
    assert only_reads(command)


@pytest.mark.parametrize("command", CHANGES)
def test_what_may_do_more(command: str) -> None:
    assert not only_reads(command)


def test_every_menu_is_one_that_can_be_printed(shared_data: Path) -> None:
    known = schema.tree()["menus"]
    missing = {menu for menu in MENUS if f"/{menu}" not in known}
    assert all("print" in known[f"/{menu}"]["commands"] for menu in MENUS - missing)
    assert len(missing) < len(MENUS) / 3, missing


@given(
    st.lists(
        st.sampled_from([*READS, *CHANGES, *'[]{}();$\\"`\n=', "where", "print", "/system reboot"])
    ).map(" ".join)
)
def test_nothing_that_could_run_something_is_taken_for_reading(command: str) -> None:
    if only_reads(command):
        assert not set(command) & set("[]{}();$\\`\n")
        assert not {"reboot", "add", "set", "remove"} & set(command.split()[: command.count(" ")])
