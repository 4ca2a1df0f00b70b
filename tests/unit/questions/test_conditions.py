# SPDX-License-Identifier: MIT
"""Each switch means the same flows as numpy finds, and lets nothing of a stranger into SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.errors import InputError
from appliance.flowstore.spool import Rows
from appliance.questions import address_sets
from appliance.questions.conditions import SWITCHES, condition
from tests.unit.flowstore.rows import v4
from tests.unit.questions.kept import keep, unhurried

Mask = NDArray[np.bool_]
NET = v4("203.0.113.0")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Rows]]:
    folder = tmp_path_factory.mktemp("kept")
    yield folder, keep(folder)


def within(low: NDArray[np.uint64]) -> Mask:
    return np.asarray((low >= NET) & (low < NET + 64))


CASES: list[tuple[str, str, Callable[[Rows], Mask]]] = [
    ("proto", "6", lambda r: r["proto"] == 6),
    ("proto", "udp,1", lambda r: r["proto"] == 17),
    ("sport", "1024-30000,443", lambda r: (r["sport"] <= 30_000) | (r["sport"] == 443)),
    ("dport", "443", lambda r: r["dport"] == 443),
    ("aport", "53", lambda r: (r["sport"] == 53) | (r["dport"] == 53)),
    ("saddress", "203.0.113.0/26", lambda r: within(r["src_lo"]) & (r["src_hi"] == 0)),
    ("daddress", "203.0.113.0/26", lambda r: within(r["dst_lo"]) & (r["dst_hi"] == 0)),
    ("any-address", "2001:db8::/48,192.168.88.9",
     lambda r: (r["dst_hi"] > 0) | (r["src_lo"] == v4("192.168.88.9"))
     | ((r["dst_lo"] == v4("192.168.88.9")) & (r["dst_hi"] == 0))),
    ("daddress", "2001:db8::5", lambda r: (r["dst_hi"] > 0) & (r["dst_lo"] == 5)),
    ("daddress", "2001:db8::4/126",
     lambda r: (r["dst_hi"] > 0) & (r["dst_lo"] >= 4) & (r["dst_lo"] < 8)),
    ("daddress", "0.0.0.0/0", lambda r: r["dst_hi"] == 0),
    ("daddress", "::/0", lambda r: np.ones(len(r), np.bool_)),
    ("bytes", "100000-", lambda r: r["bytes"] * np.maximum(r["sampling"], 1) >= 100_000),
    ("packets", "30", lambda r: r["packets"] * np.maximum(r["sampling"], 1) == 30),
    ("flags-all", "S/SA", lambda r: r["flags"] & 0x12 == 2),
    ("flags-all", "/R,FS/FS", lambda r: (r["flags"] & 4 == 0) | (r["flags"] & 3 == 3)),
    ("scc", "us", lambda r: np.zeros(len(r), np.bool_)),
    ("dcc", "hm", lambda r: (r["way"] == 1) | (r["way"] == 3)),
    ("any-cc", "HM", lambda r: r["way"] > 0),
    ("type", "in,inside", lambda r: (r["way"] == 1) | (r["way"] == 3)),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "expected"), CASES, ids=[f"{name} {text}" for name, text, _ in CASES]
)
def test_a_switch_means_these_flows(
    rows: tuple[Path, Rows], name: str, text: str, expected: Callable[[Rows], Mask]
) -> None:
    folder, every = rows
    with unhurried(sorted(folder.glob("*.parquet"))) as engine:
        (row,) = engine.ask(f"SELECT count(*) FROM flows WHERE {condition(name, text)}").rows
    wanted = int(expected(every).sum())
    assert row[0] == wanted
    assert wanted > 0 or name == "scc"


def test_every_switch_is_tried() -> None:
    assert {name for name, _, _ in CASES} == {n for n, s in SWITCHES.items() if not s.is_set}


@pytest.mark.parametrize(("name", "ends"), [("sipset", ("src",)), ("anyset", ("src", "dst"))])
def test_a_set_means_these_flows(rows: tuple[Path, Rows], name: str, ends: tuple[str, ...]) -> None:
    folder, every = rows
    networks = [ip_network("203.0.113.0/28"), ip_network("203.0.113.77/32"),
                ip_network("2001:db8::6/127")]  # fmt: skip
    sets = {"one": address_sets.columns(networks)}
    expected = np.zeros(len(every), np.bool_)
    for end in ends:
        four = every[f"{end}_hi"] == 0
        low = every[f"{end}_lo"]
        expected |= four & (((low >= NET) & (low < NET + 16)) | (low == NET + 77))
        expected |= ~four & ((low == 6) | (low == 7))
    with unhurried(sorted(folder.glob("*.parquet")), sets=sets) as engine:
        sql = condition(name, "one:124,127,128")
        (row,) = engine.ask(f"SELECT count(*) FROM flows WHERE {sql}").rows
    assert 0 < row[0] == int(expected.sum())


def test_an_empty_set_means_none() -> None:
    assert condition("sipset", "one:") == "false"


@pytest.mark.parametrize(
    ("name", "text"),
    [("proto", "256"), ("proto", "tcp'"), ("sport", "1;2"), ("sport", "9-1"), ("sport", "65536"),
     ("sport", ",".join("1" * 101)), ("saddress", "1.2.3"), ("saddress", "1.1.1.1) OR (true"),
     ("flags-all", "S"), ("flags-all", "S/A"), ("flags-all", "X/X"), ("scc", "usa"),
     ("dcc", "x'"), ("any-cc", ""), ("type", "in' OR ''='"),
     ("bytes", "-5"), ("bytes", "1e3"), ("proto", ""), ("dport", "\u0661")],
)  # fmt: skip
def test_what_a_switch_does_not_take_is_told(name: str, text: str) -> None:
    with pytest.raises(InputError, match=f"--{name}"):
        condition(name, text)


@given(st.sampled_from([n for n, s in SWITCHES.items() if not s.is_set]), st.text(max_size=40))
def test_no_text_of_a_stranger_reaches_sql(name: str, text: str) -> None:
    try:
        sql = condition(name, text)
    except InputError:
        return
    assert set(sql) <= set("abcdefghijklmnopqrstuvwxyzANDORBETWEENI_0123456789 ()=&'<>,")
