# SPDX-License-Identifier: MIT
"""SQLite as all stores use it.

| module | one job |
|---|---|
| `database` | open, upgrade, change, set aside |
| `reading` | read while another process writes |
| `numbers` | rows by number: how many, which are too many, searches back in time |
| `saving` | what can be read of a damaged store |
"""
