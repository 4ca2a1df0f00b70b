# SPDX-License-Identifier: MIT
"""Decode EVE, the JSON lines of Suricata: bytes in, alerts out, no I/O.

Source: Suricata's user guide, "Eve JSON Format", checked against what 7.0.10 writes.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from appliance.errors import DecodeError
from appliance.ids.alert import EPOCH, Alert
from appliance.ids.naming import protocol_name

ENGINE = "suricata"
# Of the fields that are switched on, none comes near: whatever is longer is no alert of ours.
LONGEST_LINE = 1 << 16
# Alerts on frames without an IP packet in them have no addresses.
NO_ADDRESS, NO_PROTOCOL = "0.0.0.0", "Ethernet"

_RENAMED = {"IPv6-ICMP": "ICMPv6"}
_LARGEST = (1 << 32) - 1


def record(line: bytes) -> Mapping[str, Any]:
    """Return the object on a line. Raises DecodeError for anything else."""
    if len(line) > LONGEST_LINE:
        raise DecodeError(f"a line of {len(line)} bytes")
    try:
        # No field of ours is a fraction, and to read one takes longer than to keep its text.
        found = json.loads(line, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"no JSON: {error}") from error
    if not isinstance(found, dict):
        raise DecodeError("no JSON object")
    return found


def alert(found: Mapping[str, Any], engine: str = ENGINE) -> Alert | None:
    """Return the alert in a record, None for records of other types. Raises DecodeError."""
    if found.get("event_type") != "alert":
        # Each record has a type; of one without nobody knows whether it was an alert.
        if not isinstance(found.get("event_type"), str):
            raise DecodeError("a record without a type")
        return None
    try:
        return _alert(found, found["alert"], engine)
    except (KeyError, TypeError, ValueError, OSError, OverflowError) as error:
        raise DecodeError(f"not an alert as Suricata writes them: {error!r}") from error


def _alert(found: Mapping[str, Any], raised: Mapping[str, Any], engine: str) -> Alert:
    return Alert(
        time_us=_time_us(found["timestamp"]),
        gid=_number(raised["gid"]),
        sid=_number(raised["signature_id"]),
        rev=_number(raised["rev"]),
        message=_text(raised["signature"]),
        classification=_text(raised["category"]) or None,
        priority=_number(raised["severity"]),
        protocol=_protocol(found.get("proto")),
        source=_address(found.get("src_ip")),
        source_port=_port(found.get("src_port")),
        destination=_address(found.get("dest_ip")),
        destination_port=_port(found.get("dest_port")),
        engine=engine,
    )


def _time_us(value: Any) -> int:
    """Return microseconds since 1970 of a time like 2026-11-20T12:00:00.123456+0100."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"a time without its zone: {value!r}")
    return (moment - EPOCH) // timedelta(microseconds=1)


def _number(value: Any, largest: int = _LARGEST) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise ValueError(f"not a number from 0 to {largest}: {value!r:.40}")
    return value


def _port(value: Any) -> int | None:
    return None if value is None else _number(value, 0xFFFF)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r:.40}")
    # Half of a surrogate pair is JSON, but no text that can be stored.
    return value.encode("utf-8", errors="replace").decode()


def _address(value: Any) -> str:
    """Return an address in the short form, which Suricata does not use for IPv6."""
    if value is None:
        return NO_ADDRESS
    family = socket.AF_INET6 if ":" in value else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, value))


def _protocol(value: Any) -> str:
    if value is None:
        return NO_PROTOCOL
    name = _text(value)
    if name.isascii() and name.isdigit():
        return protocol_name(int(name))
    return _RENAMED.get(name, name)
