# SPDX-License-Identifier: MIT
"""Names and addresses of DNS messages, built by hand and hostile."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import dns_message
from appliance.formats.dns_message import DnsMessage, parse_dns

A, CNAME, AAAA = 1, 5, 28


def wire(name: str) -> bytes:
    """Return a name as it goes over the wire, without compression."""
    labels = [label.encode() for label in name.split(".")]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def question(name: str = "www.bad.example", flags: int = 0x0100) -> bytes:
    """Return a question for an address."""
    return struct.pack("!6H", 7, flags, 1, 0, 0, 0) + wire(name) + struct.pack("!HH", A, 1)


def answer(name: str, *records: tuple[int, bytes]) -> bytes:
    """Return an answer; each record is of the name asked for, by a pointer."""
    asked = struct.pack("!6H", 7, 0x8180, 1, len(records), 0, 0) + question(name)[12:]
    return asked + b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for kind, data in records
    )


def parsed(message: bytes) -> DnsMessage:
    return parse_dns(memoryview(message))


def test_a_question_is_its_name_in_small_letters() -> None:
    assert parsed(question("WWW.Bad.Example")) == DnsMessage(False, (b"www.bad.example",))


def test_an_answer_has_aliases_and_addresses() -> None:
    message = answer(
        "www.bad.example", (CNAME, wire("cdn.bad.example")), (A, bytes((192, 0, 2, 9))),
        (AAAA, bytes(15) + b"\1"), (16, b"\4text"),
    )  # fmt: skip
    assert parsed(message) == DnsMessage(
        True,
        (b"www.bad.example", b"cdn.bad.example"),
        (bytes((192, 0, 2, 9)), bytes(15) + b"\1"),
    )


def test_an_alias_may_point_back() -> None:
    message = answer("www.bad.example", (CNAME, b"\3cdn\xc0\x10"))
    assert parsed(message).names == (b"www.bad.example", b"cdn.bad.example")


def test_pointers_do_not_make_a_small_message_dear() -> None:
    """64 aliases of 127 parts each took 6 ms to read and look up, 300 times an ordinary answer."""
    longest = ".".join("a" * 126)
    aliases = [(CNAME, b"\xc0\x0c")] * 64
    message = answer(longest, *aliases, (A, bytes(4)))
    assert len(message) < 1280
    assert len(parsed(message).names) == 17
    chain = [(CNAME, wire(f"{number}.bad.example")) for number in range(16)]
    assert parsed(answer("bad.example", *chain)).names[-1] == b"15.bad.example"


def test_pointers_do_not_make_multicast_dns_dear() -> None:
    record = struct.pack("!HHIH", A, 1, 60, 4) + bytes(4)
    message = struct.pack("!6H", 0, 0x8400, 0, 64, 0, 0) + wire(".".join("a" * 126)) + record
    found = dns_message.host_addresses(memoryview(message + (b"\xc0\x0c" + record) * 63))
    assert len(found) == 16


def test_of_an_answer_that_is_cut_off_counts_what_is_there() -> None:
    message = answer("a.example", (A, bytes((192, 0, 2, 9))), (A, bytes((192, 0, 2, 8))))
    assert parsed(message[:-6]).addresses == (bytes((192, 0, 2, 9)),)


@pytest.mark.parametrize(
    "message",
    [
        b"", bytes(12), question()[:20], question(flags=0x2800),
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c" + bytes(4),
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\xc0\x20" + bytes(40),
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x80abc" + bytes(40),
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 5 + bytes(5),
        struct.pack("!6H", 1, 0, 2, 0, 0, 0) + question()[12:],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(message: bytes) -> None:
    with pytest.raises(DecodeError):
        parsed(message)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(tail: bytes) -> None:
    for head in (b"", question(), answer("a.example")[:6] + b"\xff\xff" + bytes(4)):
        try:
            found = parsed(head + tail)
        except DecodeError:
            continue
        assert len(found.names) <= 65 and all(len(name) <= 255 for name in found.names)
        assert all(len(address) in (4, 16) for address in found.addresses)


def test_an_answer_of_multicast_dns_names_hosts() -> None:
    record = wire("printer.local") + struct.pack("!HHIH", A, 0x8001, 120, 4)
    message = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + record + bytes((192, 168, 1, 20))
    found = dns_message.host_addresses(memoryview(message))
    assert found == [(b"printer.local", bytes((192, 168, 1, 20)))]
    for asks in (question(), struct.pack("!6H", 0, 0, 0, 1, 0, 0) + record):
        assert dns_message.host_addresses(memoryview(asks)) == []
    with pytest.raises(DecodeError, match="cut off"):
        dns_message.host_addresses(memoryview(message[:30]))
