# SPDX-License-Identifier: MIT
"""Listed addresses in flows of routers: found by the collector, told by glovebox-intel.

| module | one job |
|---|---|
| `listed_ranges` | all networks in force, for thousands of look-ups at once |
| `listed_flows` | two directions of flows as one talk, or a knock |
| `flow_watch` | both of these for the collector |
| `knocks` | knocks by day and list, kept on DATA |
"""
