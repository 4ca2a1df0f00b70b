# SPDX-License-Identifier: MIT
"""What is written for Suricata; that it starts with it is shown in tests/net."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from appliance.ids import rules, suricata
from appliance.ids.engine import EngineCount
from appliance.ruleset import owner_rules
from appliance.ruleset.owner_rules import Gathered
from appliance.settings.config import Config
from appliance.settings.sections.ids import IdsConfig
from tests.conftest import PROJECT
from tests.unit.ids import eve

TEMPLATES = PROJECT / "config/suricata"
HOME = (ip_network("10.0.0.0/8"), ip_network("fc00::/7"))
OURS = Config(ids=IdsConfig(engine="suricata", home_networks=HOME, inspectors="1"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an engine's root with one packaged rule."""
    made = tmp_path / "root"
    (made / "etc/suricata/rules").mkdir(parents=True)
    (made / "etc/suricata/rules/dns-events.rules").write_text(
        'alert dns any any -> any any (msg:"x"; app-layer-event:dns.z_flag_set; sid:2240003;)\n'
    )
    return made


def test_configuration_leaves_no_name_unfilled() -> None:
    files = suricata.configuration(OURS, TEMPLATES, Gathered())
    for name, text in files.items():
        assert not re.search(r"@[A-Z_]+@", text), name
    assert 'HOME_NET: "[10.0.0.0/8,fc00::/7]"\n' in files["suricata.yaml"]
    assert "inspectors=1\n" in files["start"]
    (only,) = yaml.safe_load(files["suricata.yaml"])["af-packet"]
    assert only["interface"] == "tzsp0" and "bpf-filter" not in only
    assert files["rules/owner.rules"] == ""


def test_each_of_several_inspectors_has_its_filter_and_room_for_whole_frames() -> None:
    several = replace(OURS, ids=replace(OURS.ids, inspectors="3"))
    files = suricata.configuration(several, TEMPLATES, Gathered())
    made = yaml.safe_load(files["suricata.yaml"])
    names = [each["interface"] for each in made["af-packet"]]
    assert names == ["tzsp0:0", "tzsp0:1", "tzsp0:2"]
    assert len({each["bpf-filter"] for each in made["af-packet"]}) == 3
    assert len({each["cluster-id"] for each in made["af-packet"]}) == 3
    assert made["default-packet-size"] > 65535
    assert made["livedev"]["use-for-tracking"] is False


def test_configuration_takes_in_the_rules_of_the_owner(root: Path, tmp_path: Path) -> None:
    good = 'alert http $HOME_NET any -> any any (msg:"mine"; http.uri; content:"x"; sid:1001000;)'
    quiet = "suppress gen_id 1, sig_id 2240003"
    taken = 'alert tcp any any -> any any (msg:"taken"; sid:2240003;)'
    ours = 'alert tcp any any -> any any (msg:"ours"; sid:1000100;)'
    stray = 'alert tcp $OUTSIDE any -> any any (msg:"stray"; sid:1001001;)'
    (tmp_path / "my.rules").write_text("\n".join((good, quiet, taken, ours, stray)))
    given = owner_rules.gather([tmp_path], suricata.checker(TEMPLATES, root))
    files = suricata.configuration(OURS, TEMPLATES, given)
    assert files["rules/owner.rules"] == f"# my.rules:1\n{good}\n"
    assert files["threshold.config"].endswith(f"\n{quiet}\n")
    told = "\n".join(map(str, given.problems))
    for line, reason in (
        (3, "sid 2240003 is taken"),
        (4, "sid 1000100"),
        (5, "no variable $OUTSIDE"),
    ):
        assert f"my.rules:{line}: {reason}" in told


def test_a_limit_for_all_leaves_the_marker_alone(tmp_path: Path) -> None:
    line = "event_filter gen_id 1, sig_id 0, type both, track by_rule, count 5, seconds 60\n"
    (tmp_path / "my.rules").write_text(line)
    given = owner_rules.gather([tmp_path], suricata.checker(TEMPLATES, None))
    text = suricata.configuration(OURS, TEMPLATES, given)["threshold.config"]
    assert text.index("sig_id 1000001, type limit") < text.index("sig_id 0,")


@pytest.mark.parametrize(
    ("rule", "sid"),
    [
        ("", 1000140),
        ("detection_filter:track by_src,count 8,seconds 60;", 1001000),
        ("threshold:type both,track by_src,count 9,seconds 60;", 1001000),
    ],
    ids=["ours", "counts", "limits itself"],
)
def test_a_limit_that_would_make_a_rule_forget_to_count_is_left_out(
    rule: str, sid: int, tmp_path: Path
) -> None:
    """Suricata would raise an alert for the first of what the rule is to count."""
    mine = f"event_filter gen_id 1, sig_id {sid}, type limit, track by_src, count 2, seconds 9"
    own = f'alert tcp any any -> any any (msg:"mine"; flags:S; {rule} sid:1001000;)' if rule else ""
    (tmp_path / "my.rules").write_text(f"{mine}\n{own}\n")
    given = owner_rules.gather([tmp_path], suricata.checker(TEMPLATES, None))
    assert mine not in suricata.configuration(OURS, TEMPLATES, given)["threshold.config"]
    (problem,) = given.problems
    assert str(problem).startswith("my.rules:1: the rule has a limit within itself (threshold or")


def test_complaints_finds_each_rule_and_the_rest() -> None:
    said = (
        'E: detect-pcre: compile of "/(/" failed\n'
        'E: detect: error parsing signature "alert x" from file rules/owner.rules at line 4\n'
        "E: threshold-config: pcre2_match parse error\n"
        "E: suricata: Loading signatures failed.\n"
    )
    found = suricata.complaints(said)
    assert found.lines == {4: 'compile of "/(/" failed'}
    assert found.rest == "pcre2_match parse error"


def test_our_rules_have_numbers_of_our_own() -> None:
    found = rules.messages((TEMPLATES / "local.rules").read_text())
    assert len(found) == len(re.findall(r"\bsid:", (TEMPLATES / "local.rules").read_text())) > 20
    assert all(gid == 1 and 1_000_100 <= sid < 1_001_000 for gid, sid in found)


def test_our_rules_mean_the_same_with_every_engine() -> None:
    ours = rules.messages((TEMPLATES / "local.rules").read_text())
    snorts = rules.messages((PROJECT / "config/snort/local.rules").read_text())
    assert {key: ours[key] for key in snorts} == snorts


def test_no_rule_of_ours_counts_in_a_way_that_a_limit_undoes() -> None:
    ours = rules.standing((TEMPLATES / "local.rules").read_text())
    assert any(each.is_limited for each in ours.values())
    assert not any(each.counts for each in ours.values())


def test_start_is_right_shell() -> None:
    subprocess.run(["sh", "-n", TEMPLATES / "start.sh"], check=True)


def test_count_is_that_of_the_newest_statistics(tmp_path: Path) -> None:
    (tmp_path / "statistics.json").write_bytes(eve.stats(7, 2))
    assert suricata.count(tmp_path) == EngineCount(offered=7, lost=2)


def test_the_output_that_start_names_is_the_one_for_alerts() -> None:
    template = (TEMPLATES / "suricata.yaml").read_text()
    outputs = template[template.index("\noutputs:") :]
    assert outputs.index("alert:") < outputs.index("stats:")
    assert "outputs.0.eve-log.filename=alert." in (TEMPLATES / "start.sh").read_text()


@pytest.mark.parametrize(("ignored", "mode"), [(False, "all"), (True, "none")])
def test_checksums_are_heeded_everywhere_or_nowhere(ignored: bool, mode: str) -> None:
    files = suricata.configuration(OURS, TEMPLATES, Gathered(), ignore_checksums=ignored)
    read = yaml.safe_load(files["suricata.yaml"])
    assert read["stream"]["checksum-validation"] is not ignored
    assert read["af-packet"][0]["checksum-checks"] is not ignored
    assert read["pcap-file"]["checksum-checks"] is not ignored
    assert read["capture"]["checksum-validation"] == mode
