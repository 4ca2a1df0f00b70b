# SPDX-License-Identifier: MIT
"""minidlna's page, as it is and as it should not be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.films import library
from appliance.reports.films import Client, Library

# As version 1.3.3 writes it.
COUNTS = (
    "<h3>Media library</h3><table border=1 cellpadding=10>"
    "<tr><td>Audio files</td><td>12</td></tr><tr><td>Video files</td><td>345</td></tr>"
    "<tr><td>Image files</td><td>6</td></tr></table>"
)
CLIENTS = (
    "<h3>Connected clients</h3><table border=1 cellpadding=10><tr><td>ID</td><td>Type</td>"
    "<td>IP Address</td><td>HW Address</td><td>Connections</td></tr>"
    "<tr><td>0</td><td>Unknown</td><td>127.0.0.1</td><td>00:00:00:00:00:00</td><td>0</td></tr>"
    "<tr><td>1</td><td>Bubble &amp; Co</td><td>10.4.0.7</td><td>02:00:00:00:00:0A</td>"
    "<td>2</td></tr></table>"
)
PAGE = f"HTTP/1.1 200 OK\r\n\r\n{COUNTS}{CLIENTS}<br>2 connections currently open<br></HTML>"


@contextmanager
def web_server(page: str) -> Iterator[tuple[str, int]]:
    """Answer one request with `page`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(page.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()
        thread.join(timeout=10)


def test_ask_reads_the_page_of_the_server() -> None:
    with web_server(PAGE) as address:
        assert library.ask(address) == Library(
            audio=12, video=345, images=6, scanning=False, streams=2,
            clients=(Client("Bubble & Co", "10.4.0.7", 2),),
        )  # fmt: skip


def test_ask_says_that_nobody_answers() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            library.ask(unused.getsockname())


def test_parse_knows_that_more_is_to_come() -> None:
    assert library.parse(f"{COUNTS}<br><i>* Media scan in progress</i><br>").scanning


def test_parse_of_a_server_that_has_just_started() -> None:
    assert library.parse(COUNTS.replace("345", "-1")) == Library(12, 0, 6)


def test_parse_does_without_what_is_not_the_count() -> None:
    assert library.parse(COUNTS) == Library(12, 345, 6)


@pytest.mark.parametrize("page", ["", "hello", COUNTS.replace("Image", "Other"), COUNTS[:80]])
def test_parse_refuses_a_page_without_counts(page: str) -> None:
    with pytest.raises(ValueError, match="its page has no count of"):
        library.parse(page)


def test_parse_bounds_what_it_takes() -> None:
    row = CLIENTS[CLIENTS.index("<tr><td>1<") :].replace("Bubble &amp; Co", "x" * 1000)
    clients = library.parse(COUNTS + row * 1000).clients
    assert len(clients) == library.MOST_CLIENTS
    assert len(clients[0].kind) == library.LONGEST_NAME


@given(st.text())
def test_parse_takes_whatever_follows(text: str) -> None:
    assert library.parse(COUNTS + text).video == 345
