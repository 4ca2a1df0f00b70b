# SPDX-License-Identifier: MIT
"""The socket that the page is served on."""

from __future__ import annotations

import argparse
import os
import socket
import threading

import pytest

from appliance.access import listening
from appliance.errors import AddressInUseError, InputError, PrivilegeError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8080", (None, 8080)),
        ("0", (None, 0)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_parse_reads_address_and_port(text: str, expected: listening.Place) -> None:
    assert listening.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "http", "65536", "-1", "localhost:80", "127.0.0.1:", "[::1]", "1.2.3:80", "８０"]
)
def test_parse_refuses_what_is_no_place(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="'"):
        listening.parse(text)


def test_open_socket_without_an_address_serves_ipv4() -> None:
    with (
        listening.open_socket((None, 0)) as server,
        socket.create_connection(("127.0.0.1", server.getsockname()[1]), timeout=5),
    ):
        server.settimeout(5)
        server.accept()[0].close()


def test_open_socket_of_a_port_in_use() -> None:
    with listening.open_socket(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(AddressInUseError, match=f"port {port} is in use"):
            listening.open_socket(("127.0.0.1", port))


def test_open_socket_of_another_machine() -> None:
    with pytest.raises(InputError, match=r"203\.0\.113\.77 is not an address"):
        listening.open_socket(("203.0.113.77", 0))


def test_open_socket_of_a_privileged_port_as_nobody() -> None:
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as setting:
        if int(setting.read()) <= 1:
            pytest.skip("here no port is privileged")
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setuid(65534)
            listening.open_socket(("127.0.0.1", 1))
        except PrivilegeError as error:
            status = 0 if "CAP_NET_BIND_SERVICE" in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_url_puts_ipv6_in_brackets() -> None:
    with listening.open_socket(("127.0.0.1", 0)) as server:
        assert listening.url(server) == f"http://127.0.0.1:{server.getsockname()[1]}"
    with listening.open_socket(("::1", 0)) as server:
        assert listening.url(server) == f"http://[::1]:{server.getsockname()[1]}"


def test_answers_hears_a_server() -> None:
    with listening.open_socket((None, 0)) as server:
        requests: list[bytes] = []

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                requests.append(connection.recv(100))
                connection.sendall(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        assert listening.answers(server, "/healthz", patience=30)
        thread.join()
        assert requests == [b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"]


def test_answers_hears_nothing_from_a_server_that_hangs() -> None:
    with listening.open_socket((None, 0)) as server:
        assert not listening.answers(server, "/", patience=0.05)


def test_answers_hears_nothing_where_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert not listening.answers(unused, "/", patience=30)
