# SPDX-License-Identifier: MIT
"""In which country an address is, as the registries say, who owns it, or which class it is of.

| module | one job |
|---|---|
| `country_table` | addresses to codes, thousands at once; the file that the build makes |
| `country_names` | codes in words |
| `owner_table` | addresses to who announces them; the file that the build makes |
| `address_columns` | one address at a time, in either file, without a copy of it |
| `origins` | country and owner of an address, for pages |
"""
