# SPDX-License-Identifier: MIT
"""Lists in force: every entry is found, and nothing else."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.formats.bad_lists import ListOrigin
from appliance.intel import kept_lists
from appliance.intel.kept_lists import (
    KeptList,
    ListVerdict,
    origin_line,
    who_lists,
    with_origins,
)
from appliance.reports.intel import ListFacts
from tests.unit.intel.sample_lists import take

ENTRY = st.from_regex(rb"[a-z0-9_]{1,6}(\.[a-z0-9_]{1,6}){0,2}", fullmatch=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(ENTRY, max_size=40), ENTRY)
def test_what_a_list_holds_is_found_and_no_other(
    tmp_path: Path, entries: set[bytes], other: bytes
) -> None:
    kept_lists.write(tmp_path, ListFacts("a", "d", 0.0, len(entries), 0), sorted(entries))
    with KeptList(tmp_path / "a.list") as kept:
        assert list(kept.lines()) == sorted(entries)
        assert all(kept.holds(each) for each in entries)
        assert kept.holds(other) == (other in entries)
        assert not kept.holds(b'{"name"') and not kept.holds(b"")


def test_names_are_found_below_a_listed_one(tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\nx.other.example\n")
    with KeptList(tmp_path / "kept/a.txt.list") as kept:
        assert kept.find_name("bad.example") == kept.find_name("www.x.bad.example") == "bad.example"
        assert kept.find_name("other.example") == kept.find_name("notbad.example") == ""
        assert kept.find_name("example") == ""


def test_the_narrowest_network_is_told(tmp_path: Path) -> None:
    take(tmp_path, a_txt="198.51.100.0/24\n198.51.100.7\n2001:db8::/32\n")
    with KeptList(tmp_path / "kept/a.txt.list") as kept:
        assert kept.find_address(ip_address("198.51.100.7")) == "198.51.100.7"
        assert kept.find_address(ip_address("198.51.100.8")) == "198.51.100.0/24"
        assert kept.find_address(ip_address("2001:db8::1")) == "2001:db8::/32"
        assert kept.find_address(ip_address("198.51.101.7")) == ""
        assert kept.find_address(ip_address("2001:db9::1")) == ""


def test_every_list_is_asked_and_a_broken_one_left_out(tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\n", b_txt="0.0.0.0 www.bad.example\n", c_txt="x.example\n")
    (tmp_path / "kept/broken.list").write_bytes(b"{}\nbad.example\n")
    (tmp_path / "kept/empty.list").touch()
    with contextlib.ExitStack() as stack:
        found = who_lists(kept_lists.opened(tmp_path / "kept", stack), "www.bad.example")
    assert found == [ListVerdict("a.txt", "bad.example"), ListVerdict("b.txt", "www.bad.example")]


def test_without_a_folder_there_are_no_lists(tmp_path: Path) -> None:
    assert kept_lists.names(tmp_path / "none") == []


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.list").write_bytes(b"no json\n")
    with pytest.raises(ValueError):
        KeptList(tmp_path / "a.list")


def test_who_says_so_within_a_list(tmp_path: Path) -> None:
    first = ListOrigin('Kit, "one"', "research-team", "2026-11-20", "https://otx.example/1", 80)
    second = ListOrigin("Other")
    lines = [with_origins(b"a.example", [10, 2]), with_origins(b"a.example.b", []), b"c.example"]
    lines += [origin_line(10, first), origin_line(2, second)]
    kept_lists.write(tmp_path, ListFacts("otx", "d", 0.0, 3, 0), sorted(lines))
    with KeptList(tmp_path / "otx.list") as kept:
        assert list(kept.lines()) == [b"a.example", b"a.example.b", b"c.example"]
        assert list(kept.told())[0] == (b"a.example", [first, second])
        assert kept.origins("a.example") == (first, second) and kept.origins("c.example") == ()
        assert kept.holds(b"a.example") and kept.holds(b"a.example.b")
        assert not kept.holds(b"a.example\t10 2") and not kept.holds(b"10")
        (verdict,) = who_lists([kept], "www.a.example")
    assert verdict.entry == "a.example" and verdict.origins == (first, second)


def test_pages_that_were_let_go_are_read_again(tmp_path: Path) -> None:
    entries = [b"%06d.example" % number for number in range(100_000)]
    kept_lists.write(tmp_path, ListFacts("a", "d", 0.0, len(entries), 0), entries)
    with KeptList(tmp_path / "a.list") as kept:
        assert sum(1 for _ in kept.lines()) == len(entries)
        before = mapped(tmp_path / "a.list")
        kept.let_go()
        assert mapped(tmp_path / "a.list") < before / 10
        assert kept.holds(entries[77_777]) and not kept.holds(b"x.example")


def mapped(file: Path) -> int:
    """Return how much of a file this process has in memory, in kB (proc_pid_smaps(5))."""
    found, is_it = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            is_it = line.endswith(str(file))
        elif is_it and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found
