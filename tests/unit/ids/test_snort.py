# SPDX-License-Identifier: MIT
"""What is written for Snort; that it starts with it is shown in tests/net."""

from __future__ import annotations

import re
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest

from appliance.ids import snort
from appliance.ruleset import owner_rules
from appliance.settings.config import Config
from appliance.settings.sections.ids import IdsConfig
from tests.conftest import PROJECT

TEMPLATES = PROJECT / "config/snort"
OURS = Config(ids=IdsConfig(home_networks=(ip_network("10.0.0.0/8"), ip_network("fc00::/7"))))


def test_render_leaves_no_name_unfilled() -> None:
    template = (TEMPLATES / "snort.conf").read_text()
    text = snort.render(template, OURS, with_owner_rules=True)
    assert not re.search(r"@\w+@", text)
    assert "ipvar HOME_NET [10.0.0.0/8,fc00::/7]\n" in text
    assert "portvar HTTP_PORTS [80,81,311," in text
    assert text.rstrip().endswith("include /run/glovebox-ids/rules/owner.rules")
    assert "owner" not in snort.render(template, OURS, with_owner_rules=False).splitlines()[-1]


def test_template_includes_what_the_package_switches_on(engine_root: Path) -> None:
    packaged = re.findall(
        r"^include \$RULE_PATH/(.*)", (engine_root / "etc/snort/snort.conf").read_text(), re.M
    )
    template = (TEMPLATES / "snort.conf").read_text()
    ours = re.findall(r"^include /etc/snort/rules/(.*)", template, re.M)
    assert ours == [name for name in dict.fromkeys(packaged) if name != "local.rules"]


def test_our_rules_have_numbers_of_our_own() -> None:
    sids = [int(sid) for sid in re.findall(r"\bsid:(\d+)", (TEMPLATES / "local.rules").read_text())]
    assert len(sids) == len(set(sids)) > 5
    assert all(1_000_100 <= sid < 1_001_000 for sid in sids)


def test_start_is_right_shell() -> None:
    subprocess.run(["sh", "-n", TEMPLATES / "start.sh"], check=True)


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (
            "ERROR: rules/owner.rules:2: Can't use flow: stateless option with other options"
            "Fatal Error, Quitting..\n",
            {2: "Can't use flow: stateless option with other options"},
        ),
        (
            'ERROR: rules/owner.rules Line 6 => unable to parse pcre regex "a"\nFatal Error, ..',
            {6: 'unable to parse pcre regex "a"'},
        ),
        ("ERROR: /x/rules/owner.rules(4) Bad port\n>>a\nFatal Error", {4: "Bad port\n>>a"}),
        ("ERROR: rules/local.rules(4) Bad\nFatal Error", {}),
        ("", {}),
    ],
)
def test_complaints_finds_the_line(said: str, lines: dict[int, str]) -> None:
    assert snort.complaints(said).lines == lines


def test_complaints_says_what_to_do_about_a_home_that_is_anything() -> None:
    found = snort.complaints("ERROR: rules/owner.rules(2) !any is not allowed: !$HOME_NET. Fatal")
    assert "[ids] home_networks" in found.lines[2]


def test_the_owners_limits_take_the_place_of_ours(tmp_path: Path) -> None:
    mine = "event_filter gen_id 1, sig_id 1000140, type limit, track by_src, count 2, seconds 9"
    (tmp_path / "my.rules").write_text(f"{mine}\n")
    given = owner_rules.gather([tmp_path], snort.checker(TEMPLATES, None))
    files = snort.configuration(OURS, TEMPLATES, given, tried=True)
    assert mine in files["rules/owner.rules"]
    assert "event_filter gen_id 1, sig_id 1000140" not in files["rules/local.rules"]
    assert "event_filter gen_id 1, sig_id 1000141" in files["rules/local.rules"]
    assert "tried=yes\n" in files["start"]
