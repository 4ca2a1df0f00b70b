# SPDX-License-Identifier: MIT
"""The flows that routers tell of: who sent how much to whom (NetFlow 5 and 9, IPFIX).

| module | one job |
|---|---|
| `records`, `layout`, `times` | a flow; what a template means, as columns; when a flow was |
| `templates`, `waiting`, `sequence` | what is learnt, what waits for it, what was lost |
| `exporters`, `collector` | who sends, and what became of everything; datagrams to flows |
| `plausible`, `copies`, `tunnels` | flows that cannot be; flows that were told twice |
| `sides`, `totals`, `counting` | whose a flow is; sums by host and five minutes |
| `packing`, `schema`, `host_store`, `storing` | what is kept on DATA, and how it gets there |
| `host_reader`, `periods`, `pages` | what is asked of it; days and months; the tab Traffic |
| `inlet`, `keeping`, `service`, `metrics` | sockets, templates on DATA, the service, its figures |
"""
