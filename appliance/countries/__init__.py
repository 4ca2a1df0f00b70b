# SPDX-License-Identifier: MIT
"""In which country an address is, as the registries say, or which class of address it is.

| module | one job |
|---|---|
| `country_table` | addresses to codes, thousands at once; the file that the build makes |
| `country_names` | codes in words |
"""
