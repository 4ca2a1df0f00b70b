# SPDX-License-Identifier: MIT
"""Lists for other programs, as these fetch them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from appliance.intel import allowed
from appliance.intel.list_feeds import answer_feed
from appliance.intel.list_outputs import OUTPUTS
from tests.unit.intel.sample_lists import take


def fetched(
    folder: Path, name: str, tag: str = "", allow: tuple[str, ...] = ()
) -> tuple[int, str, str]:
    """Return status, ETag and text."""
    headers = {"If-None-Match": tag} if tag else {}
    with Flask(__name__).test_request_context(headers=headers):
        response = answer_feed(name, folder / "kept", allow)
        return response.status_code, response.headers["ETag"], response.get_data(as_text=True)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_feed_has_all_lists_and_is_not_sent_twice(tmp_path: Path, name: str) -> None:
    take(tmp_path, a_txt="bad.example\n198.51.100.7\n", b_txt="worse.example\n198.51.100.7\n")
    status, tag, text = fetched(tmp_path, name)
    # Zeek keeps what each list says of it.
    most = 2 if name == "zeek.intel" else 1
    assert status == 200 and (text.count("198.51.100.7") + text.count("7.100.51.198")) <= most
    assert ("worse.example" in text) == (not name.startswith("networks."))
    assert fetched(tmp_path, name, tag)[0] == 304
    take(tmp_path, a_txt="other.example\n198.51.100.7\n")
    assert fetched(tmp_path, name, tag)[0] == 200


def test_what_is_allowed_is_in_no_feed(tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\nfine.example\ntoo.example\n")
    _, tag, _ = fetched(tmp_path, "hosts.txt", allow=("fine.example",))
    allowed.allow(tmp_path / "kept", "too.example", 2e9)
    status, _, text = fetched(tmp_path, "hosts.txt", tag, allow=("fine.example",))
    assert (status, text) == (200, "0.0.0.0 bad.example\n")
    assert " 2000000000 " in fetched(tmp_path, "rpz.zone")[2]


def test_without_lists_a_feed_is_empty(tmp_path: Path) -> None:
    assert fetched(tmp_path, "hosts.txt")[2] == ""
