# SPDX-License-Identifier: MIT
"""Wire and file formats: bytes in, values out, one DecodeError; no I/O and no clock."""
