# SPDX-License-Identifier: MIT
"""The tables of the hosts' totals, and what stands in their blocks."""

from __future__ import annotations

import os
from enum import IntEnum
from pathlib import Path

from appliance.store.database import Schema

DATABASE = Path(os.environ.get("GLOVEBOX_FLOWS", "/var/lib/glovebox/flows")) / "hosts.db"

# A row holds all hosts of five minutes, an hour or a day: some 250 of them, in some kilobytes. A
# row for each host would have the card written to ten times as much.
TABLES = """
CREATE TABLE host (id INTEGER PRIMARY KEY, address BLOB NOT NULL UNIQUE);
CREATE TABLE total (
    span INTEGER NOT NULL, begin INTEGER NOT NULL, packed BLOB NOT NULL,
    PRIMARY KEY (span, begin)
) WITHOUT ROWID;
CREATE TABLE detail (
    kind INTEGER NOT NULL, day INTEGER NOT NULL, part INTEGER NOT NULL, packed BLOB NOT NULL,
    PRIMARY KEY (kind, day, part)
) WITHOUT ROWID;
INSERT INTO host VALUES (0, zeroblob(16));
"""
HOSTS = Schema("the store of hosts", 1, TABLES)


class Grain(IntEnum):
    """How long the time is that a row of `total` is about, in seconds."""

    STEP = 300
    HOUR = 3600
    DAY = 86_400


class Detail(IntEnum):
    """What a row of `detail` tells of each host."""

    PEERS = 1
    SERVICES = 2


# Bytes in and out, packets in and out, flows.
TOTAL_COLUMNS = 5
# Two halves of an address, or 0 and protocol << 16 | port; bytes in and out.
DETAIL_COLUMNS = 4
# Of each host and day so many are told apart; the others are added up, with a key of 0.
KEPT = {Detail.PEERS: 20, Detail.SERVICES: 10}
