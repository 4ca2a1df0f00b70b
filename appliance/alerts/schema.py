# SPDX-License-Identifier: MIT
"""The tables of the alert store."""

from __future__ import annotations

from appliance.store.database import Schema

# Texts stand once for each signature, with the number of its alerts: a million alerts take 55 MB,
# which is half, and the most frequent ones are known without counting. `folded` are the alerts of a
# signature that have no row, `alerts` those that have one: together all that were raised.
TABLES = """
CREATE TABLE signature (
    id INTEGER PRIMARY KEY,
    engine TEXT NOT NULL,
    gid INTEGER NOT NULL,
    sid INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    message TEXT NOT NULL,
    classification TEXT NOT NULL,
    priority INTEGER NOT NULL,
    alerts INTEGER NOT NULL DEFAULT 0,
    folded INTEGER NOT NULL DEFAULT 0,
    UNIQUE (engine, gid, sid, rev, message, classification, priority)
);
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_us INTEGER NOT NULL,
    signature INTEGER NOT NULL REFERENCES signature (id),
    protocol TEXT NOT NULL,
    source TEXT NOT NULL,
    source_port INTEGER,
    destination TEXT NOT NULL,
    destination_port INTEGER,
    time_confirmed INTEGER,
    alike INTEGER NOT NULL DEFAULT 0,
    last_us INTEGER
);
CREATE TABLE marker (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_port INTEGER NOT NULL,
    destination_port INTEGER NOT NULL
);
CREATE TABLE spool (file TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE boot (id TEXT NOT NULL, clock_set REAL, dense_from INTEGER);
"""
# The alerts themselves are not touched, so a million of them take no longer than one. Columns come
# last, as in TABLES, with which damage is mended.
UPGRADES = {
    1: """
ALTER TABLE alert ADD COLUMN time_confirmed INTEGER;
ALTER TABLE boot ADD COLUMN clock_set REAL;
""",
    2: """
ALTER TABLE signature ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN alike INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN last_us INTEGER;
ALTER TABLE boot ADD COLUMN dense_from INTEGER;
""",
}
ALERTS = Schema("the alert store", 3, TABLES, UPGRADES)
