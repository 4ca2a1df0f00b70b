# SPDX-License-Identifier: MIT
"""How many rules of a set a board has memory for, and which come first where it has not. Pure.

Measured figures stand in docs/developer/renewal.md. What a rule takes differs, so the engine's own
trial has a bound of memory besides, and where it is met, the next smaller profile is tried.
"""

from __future__ import annotations

# Bytes that an engine takes for a rule of a real set, rounded up, and for itself.
RULE_BYTES = {"suricata": 6000, "snort": 15000}
BASE_BYTES = 128 << 20
# Of the machine's memory an engine with all its rules may have this share.
SHARE = 0.45
# And its trial, beside the engine that runs, this share of what is free.
FREE_SHARE = 0.9
# What stays free while an engine holds two generations at once: so little is scarce already.
KEPT_FREE = 0.1
# Parts of what there is room for, tried one after the other.
PROFILES = (1.0, 0.5, 0.25, 0.12, 0.05)
FEWEST, MOST = 500, 60_000

# What stands in the name of a file, by how much it tells at home.
FIRST = ("malware", "trojan", "exploit", "attack_response", "current", "worm", "phish", "mobile",
         "botcc", "compromised", "coinmin", "web_client", "user_agents", "ja3")  # fmt: skip
LAST = ("info", "policy", "hunting", "games", "chat", "p2p", "inappropriate", "icmp", "activex",
        "scada", "tor", "adware", "dyn_dns", "file_sharing", "remote_access")  # fmt: skip


def rank(file: str) -> tuple[int, str]:
    """Return the place of a file of rules among all: those that come first have the lowest."""
    words = file.lower().replace("-", "_")
    for place, word in enumerate(FIRST):
        if word in words:
            return place, file
    late = any(word in words for word in LAST)
    return len(FIRST) + late, file


def memory_for(total: int) -> int:
    """Return the bytes that an engine may take on a machine with `total` bytes."""
    return int(total * SHARE)


def trial_memory(total: int, available: int | None) -> int:
    """Return the bytes that a trial may take beside the engine that runs.

    `available` are free, None: not known.
    """
    most = memory_for(total)
    return most if available is None else min(most, int(available * FREE_SHARE))


def rules_for(total: int, engine: str, profile: float = 1.0) -> int:
    """Return how many rules of sets a machine with `total` bytes has room for."""
    room = max(0, memory_for(total) - BASE_BYTES) * profile
    return min(MOST, max(FEWEST, int(room / RULE_BYTES.get(engine, max(RULE_BYTES.values())))))


def is_live(total: int, available: int, wanted: int) -> bool:
    """Tell whether an engine may hold a second generation beside the first, for a moment.

    `wanted` bytes are those that a whole engine with it took in its trial.
    """
    return available - wanted > total * KEPT_FREE
