# SPDX-License-Identifier: MIT
"""The flows that routers tell of: who sent how much to whom (NetFlow 5 and 9, IPFIX).

| module | one job |
|---|---|
| `records`, `layout`, `times` | a flow; what a template means, as columns; when a flow was |
| `templates`, `waiting`, `sequence` | what is learnt, what waits for it, what was lost |
| `exporters`, `collector` | who sends, and what became of everything; datagrams to flows |
| `plausible` | flows that cannot be |
| `inlet`, `keeping`, `service` | sockets, templates on DATA, the service |
"""
