# SPDX-License-Identifier: MIT
"""Events of MISP: what counts of them, and what is none."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.bad_lists import ListOrigin, NoListError
from appliance.intel import kept_lists, misp_event
from tests.unit.intel.sample_lists import take


def attribute(kind: str, value: object, **more: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "to_ids": True, "category": "x"} | more


EVENT = {
    "info": "Loader\n<b>", "Orgc": {"name": "CIRCL"}, "date": "2026-11-20", "timestamp": "1",
    "Attribute": [
        attribute("domain", "bad.example"), attribute("ip-dst", "198.51.100.7"),
        attribute("ip-dst|port", "2001:db8::7|443"),
        attribute("domain|ip", "two.example|192.0.2.9"),
        attribute("domain", "told-not-to.example", to_ids=False),
        attribute("hostname", "deleted.example", deleted=True),
        attribute("url", "http://bad.example/x"), attribute("domain", None), "none",
    ],
    "Object": [{"Attribute": [attribute("hostname", "c2.bad.example")]}, 7],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
def test_what_is_marked_for_sensors_is_taken(tmp_path: Path, indent: int | None) -> None:
    text = json.dumps({"Event": EVENT}, indent=indent)
    (standing,) = take(tmp_path, event_json=text).lists
    with kept_lists.KeptList(tmp_path / "kept/event.json.list") as kept:
        assert list(kept.lines()) == [
            b"192.0.2.9", b"198.51.100.7", b"2001:db8::7", b"bad.example", b"c2.bad.example",
            b"two.example",
        ]  # fmt: skip
        assert kept.origins("bad.example") == (ListOrigin("Loader <b>", "CIRCL", "2026-11-20"),)
    assert standing.facts and standing.facts.reasons == {"not a string": 1}


@pytest.mark.parametrize("text", ['{"Event": ', '{"Event": 5}', '{"a": {"Event": 1}}', '{"Event"}'])
def test_what_is_no_event_is_told(tmp_path: Path, text: str) -> None:
    (standing,) = take(tmp_path, event_json=text).lists
    assert "an event of MISP" in standing.trouble and standing.facts is None


def test_a_large_event_is_refused(tmp_path: Path) -> None:
    text = json.dumps({"Event": {"info": "x" * misp_event.LARGEST}})
    (standing,) = take(tmp_path, event_json=text).lists
    assert "larger than 4 MB" in standing.trouble


def test_other_json_is_none() -> None:
    assert not misp_event.is_event(b'{"cidr":"192.0.2.0/24"}')
    assert not misp_event.is_event(b'"Event"') and misp_event.is_event(
        b'\xef\xbb\xbf {\n "Event": {'
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Attribute", "Object", "type", "value", "info", "Orgc"]), inner
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_event_gives_lines_or_an_error(event: object) -> None:
    with contextlib.suppress(NoListError):
        for line in misp_event.event_lines(json.dumps({"Event": event}).encode()):
            assert line.count(b"\n") == 1
