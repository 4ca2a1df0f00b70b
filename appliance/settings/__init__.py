"""From what the owner wrote on the BOOT partition to what the system reads, once at each start.

| module | one job |
|---|---|
| `owner` | `glovebox.toml`: check it, fall back to the last good one, hide a clear password |
| `preseed`, `cloudinit`, `imager` | what Raspberry Pi Imager wrote, as the same settings |
| `redact` | take secrets out of a text |
| `plan`, `wpa` | settings → the files that systemd, networkd and others read |
| `report` | what is wrong, as a text for the owner |
| `apply`, `writeback` | the two services: read and hand on; write back to BOOT |
| `tomltext` | tables as TOML |
"""
