"""Reports of the receiver as it publishes them; tests name what they are about."""

from __future__ import annotations

from typing import Any

from tests.unit.reports.test_dhcp import VALUES

ROUTER = "192.0.2.1"
REASONS = (
    "malformed",
    "unsupported_encapsulation",
    "oversize",
    "feedback",
    "unlisted_source",
    "no_buffer",
    "interface_down",
)


STARTED = 1_795_000_000.0


def a_report(now: float, frames: int = 990, keepalives: int = 7, **dropped: int) -> dict[str, Any]:
    """Return what the receiver says at `now` of one router, obeying conservation."""
    counters = {
        "datagrams_received": frames + keepalives + sum(dropped.values()),
        "bytes_received": frames * 640,
        "frames_sent": frames,
        "bytes_sent": frames * 600,
        "keepalives": keepalives,
        "dropped": dict.fromkeys(REASONS, 0) | dropped,
    }
    return {
        "updated": now,
        "started": STARTED,
        "interface": "tzsp0",
        "ports": [37008],
        "last_frame": now - 0.2 if frames else None,
        **counters,
        "socket_overflow": 0,
        "reassembly_failures": 0,
        "udp_errors": 0,
        "sources": {ROUTER: {**counters, "last_seen": now - 0.2}} if frames else {},
    }


def a_health(now: float, **changes: Any) -> dict[str, Any]:
    """Return what the supervisor says at `now` of a sensor in full health, but for `changes`."""
    unmeasured = {"count": None, "lost": None, "percent": None, "recent": None}
    measured = {"count": 1000, "lost": 0, "percent": 0.0, "recent": 0}
    stages = ("reassembly", "socket", "decapsulation", "interface", "engine")
    return {
        "updated": now,
        "state": "seeing",
        "level": "ok",
        "sentence": "1,234 frames a second arrive from 192.0.2.1; Snort inspects what arrives.",
        "checks": [
            a_check("interface", "tzsp0 is up."),
            a_check("engine", "Snort listens on tzsp0."),
            a_check("stream", "Frames arrive."),
        ],
        "ledger": [
            *(
                {"stage": stage, **unmeasured, "words": "Not measurable.", "advice": "Look there."}
                for stage in ("router", "wire")
            ),
            *({"stage": stage, **measured, "words": "Nothing lost.", "advice": ""}
              for stage in stages),
        ],
        "first_loss": None,
        "media": {
            "audio": 210, "video": 41, "images": 1305, "scanning": False, "streams": 2,
            "clients": [
                {"kind": "Generic DLNA 1.5", "address": "10.4.0.21", "streams": 1},
                {"kind": "Samsung Series [CDEF]", "address": "10.4.0.22", "streams": 1},
            ],
            "drives": [
                {"device": "sda1", "name": "FILME", "kind": "exfat", "size": 31_914_983_424,
                 "mounted": True},
                {"device": "sdb1", "name": "ALT", "kind": "ntfs", "size": 1_000_000_000,
                 "mounted": False},
            ],
        },
        "selftest": None,
        "actions": [],
        **changes,
    }  # fmt: skip


def a_check(name: str, words: str, level: str = "ok", advice: str = "") -> dict[str, Any]:
    """Return what one check found an hour after the start."""
    return {
        "name": name,
        "level": level,
        "words": words,
        "advice": advice,
        "since": STARTED + 3600,
    }


def a_loss(now: float) -> dict[str, Any]:
    """Return what the supervisor says at `now` when packets get lost at two stages."""
    health = a_health(now)
    rows = {row["stage"]: row for row in health["ledger"]}
    rows["socket"] |= {
        "count": 9_316_020, "lost": 70_112, "percent": 0.753, "recent": 70_112,
        "words": "70,112 of 9,316,020 datagrams found the receive buffer full; 70,112 of them in"
        " the last minutes.",
        "advice": "This machine is too busy to fetch them. Let the router stream less.",
    }  # fmt: skip
    rows["engine"] |= {"count": 9_245_908, "lost": 1204, "percent": 0.013, "recent": 0,
                       "words": "1,204 of 9,245,908 frames passed the detection engine"
                       " uninspected; none of them lately.",
                       "advice": "The engine cannot keep up or was not running."}  # fmt: skip
    return health | {
        "state": "losing",
        "level": "warn",
        "sentence": "0.8 % of the datagrams of the last minute found the receive buffer full.",
        "first_loss": "socket",
        "checks": [
            *health["checks"],
            a_check("loss-socket", "0.8 % of the datagrams of the last minute were lost.", "warn",
                    "This machine is too busy to fetch them. Let the router stream less."),
            a_check("temperature", "Not known: no sensor.", "unknown"),
            a_check("media", "The media server does not run.", "fail", "It is restarted."),
        ],
    }  # fmt: skip


def a_selftest(now: float, **changes: Any) -> dict[str, Any]:
    """Return what `glovebox selftest` publishes when the marker came through."""
    seconds = {"sent": 0.001, "decapsulated": 0.004, "inspected": 0.031, "stored": 0.412}
    return {"time": now, "passed": True, "verdict": "passed", "seconds": seconds, **changes}


def a_port(now: float, **changes: Any) -> dict[str, Any]:
    """Return what the guard of a port says at `now`: it gives out addresses, and three took one."""
    devices = [
        {"address": "10.77.0.11", "station": "02:00:00:00:00:0b", "name": "tablet-left"},
        {"address": "10.77.0.12", "station": "02:00:00:00:00:0c", "name": ""},
        {"address": "10.77.0.13", "station": "02:00:00:00:00:0d", "name": "x" * 63},
    ]
    leases = [each | {"expires": now + 43_000} for each in devices]
    return VALUES | {"updated": now, "leases": leases} | changes
