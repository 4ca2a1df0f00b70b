# SPDX-License-Identifier: MIT
"""From what the owner wrote on the BOOT partition to what the system reads, once at each start.

| module | one job |
|---|---|
| `examine`, `tomlwords` | which sections of `glovebox.toml` are right; what is wrong |
| `owner_file` | lay them over the last good settings, hide a clear password |
| `remarks` | settings that are right one by one and do not go together |
| `command` | `glovebox config`: check on a PC as the card does |
| `preseed`, `cloudinit`, `netplan` | what Raspberry Pi Imager wrote, as the same settings |
| `imager` | take that over once; what was not taken over stays in the file |
| `redact`, `plainyaml` | take secrets out of a text; YAML as plain data |
| `mistakes` | files whose names are nearly right; what to write in the place of a wrong key |
| `plan`, `wpa` | settings → the files that systemd, networkd and others read |
| `report` | what is wrong, as a text for the owner |
| `apply`, `writeback` | the two services: read and hand on; write back to BOOT |
| `tomltext` | tables as TOML |
"""
