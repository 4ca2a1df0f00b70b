# SPDX-License-Identifier: MIT
"""The text of a rule, found among all; the secret of the self-test is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ids import marker, rule_text
from appliance.ids.rule_text import Reference

RULE = 'alert tcp any any -> any any (msg:"{}"; reference:cve,2021-44228; sid:{}; rev:1;)'


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    for name in ("made", "packaged"):
        (tmp_path / name).mkdir()
    return [tmp_path / "made", tmp_path / "packaged"]


def test_a_rule_is_found_in_the_first_folder_that_has_it(folders: list[Path]) -> None:
    (folders[1] / "web.rules").write_text(f"# {RULE.format('off', 7)}\n{RULE.format('one', 7)}\n")
    found = rule_text.find(1, 7, folders)
    assert found is not None
    assert (found.text, found.file) == (RULE.format("one", 7), "web.rules")
    assert found.references[0].words == "CVE-2021-44228"
    (folders[0] / "owner.rules").write_text(RULE.format("newer", 7))
    newer = rule_text.find(1, 7, folders)
    assert newer is not None and "newer" in newer.text
    assert rule_text.find(1, 70, folders) is None
    assert rule_text.find(2, 7, folders) is None


def test_a_rule_may_go_on_in_the_next_line(folders: list[Path]) -> None:
    text = 'alert tcp any any -> any any (msg:"long"; \\\n  sid:9; \\\n  rev:2;)\nalert x\n'
    (folders[0] / "a.rules").write_text(f"{RULE.format('before', 8)}\n{text}")
    found = rule_text.find(1, 9, folders)
    assert found is not None
    assert found.text == 'alert tcp any any -> any any (msg:"long";    sid:9;    rev:2;)'


def test_the_marker_is_never_told(folders: list[Path]) -> None:
    secret = "a-secret-of-this-boot"
    for name in ("marker.rules", "other.rules"):
        (folders[0] / name).write_text(marker.rule(secret))
    assert rule_text.find(marker.GID, marker.SID, folders) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("url,example.org/a?b=c", Reference("example.org/a?b=c", "http://example.org/a?b=c")),
        ("url,https://example.org", Reference("https://example.org", "https://example.org")),
        ("cve,CVE-2014-6271", Reference("CVE-2014-6271",
                                        "https://www.cve.org/CVERecord?id=CVE-2014-6271")),
        ("bugtraq,1387", Reference("bugtraq 1387")),
        ("url,javascript:alert(1)", Reference("url javascript:alert(1)")),
        ("url,example.org/\" onclick=x", Reference('url example.org/" onclick=x')),
        ("cve,2021-1\n", Reference("cve 2021-1")),
    ],
)  # fmt: skip
def test_references_become_links_only_where_they_are_some(value: str, expected: Reference) -> None:
    assert rule_text.references([value]) == (expected,)


def test_a_rule_of_a_set_of_the_internet_is_found(tmp_path: Path) -> None:
    made = tmp_path / "snort-1/g-1"
    made.mkdir(parents=True)
    (made / "et-open.rules").write_text('alert tcp any any -> any any (msg:"x"; sid:2000001;)\n')
    (tmp_path / "snort-1/in-force").symlink_to("g-1")
    found = rule_text.find(1, 2_000_001, (), tmp_path)
    assert found and found.file == "et-open.rules"
