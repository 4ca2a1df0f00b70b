# SPDX-License-Identifier: MIT
"""Questions about single flows: by switches as SiLK has them, by a form, or in SQL.

| module | one job |
|---|---|
| `fields` | by what flows are shown and grouped, and how that is said in SQL |
| `conditions` | which flows are meant: the switches, and each in SQL |
| `question` | a period, conditions, fields, a value: as SQL, as words of a command |
| `address_sets` | files of addresses and networks |
| `answers` | rows, or why there are none |
| `engine` | DuckDB, locked: files of flows in, rows out, within memory and time |
| `sources` | which files are asked, none of them damaged |
| `door`, `service` | asking a process that can read flows and do nothing else |
| `printed` | rows as rwstats, rwcut and rwcount print them, and CSV |
| `flows_words` | `glovebox flows`: the collector, or a question; each loads only its own |
| `flows_command` | `glovebox flows filter`, `top`, `cut`, `count`, `set`, `export`, `check` |
| `pages`, `country_page` | the page that builds a question; traffic by country |
"""
