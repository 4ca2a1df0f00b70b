# SPDX-License-Identifier: MIT
"""POST, and plain words where that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.notify.channels.http_post import post
from appliance.notify.send_socket import SendError
from tests.unit.intel.bad_server import playing
from tests.unit.notify.played_services import PlayedServer


def test_an_answer_is_returned_whatever_its_status(server: PlayedServer) -> None:
    found = post(f"{server.address}/broken", b"{}", {})
    assert (found.status, found.is_good) == (500, False)
    assert found.words == '500 Internal Server Error: {"error": "broken"}'
    assert post(f"{server.address}/hook?a=b", b"{}", {}).is_good
    assert server.next().path == "/broken" and server.next().path == "/hook?a=b"


def test_nobody_there_is_a_plain_word_without_the_address() -> None:
    with pytest.raises(SendError) as caught:
        post("http://127.0.0.1:1/MARKED", b"", {})
    assert "refused" in str(caught.value) and "MARKED" not in str(caught.value)


def test_a_certificate_must_be_trusted(tls: tuple[Path, Path]) -> None:
    with playing(*tls) as address, pytest.raises(SendError, match="not trusted"):
        post(f"{address}/good", b"", {})


@pytest.mark.parametrize("path", ["/garbage", "/silent"])
def test_what_is_no_http_is_told(trusted: tuple[Path, Path], path: str) -> None:
    with playing(*trusted) as address, pytest.raises(SendError, match="not HTTP|connection"):
        post(address + path, b"", {})


def test_redirects_are_not_followed(trusted: tuple[Path, Path]) -> None:
    with playing(*trusted) as address:
        assert post(f"{address}/moved", b"", {}).status == 301


def test_of_a_long_answer_the_beginning_is_read(trusted: tuple[Path, Path]) -> None:
    with playing(*trusted) as address:
        assert len(post(f"{address}/endless", b"", {}).text) == 4096
