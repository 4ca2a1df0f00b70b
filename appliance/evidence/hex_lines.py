# SPDX-License-Identifier: MIT
"""Bytes for people to read: 16 a line, as hexadecimal and as text. Pure."""

from __future__ import annotations

WIDTH = 16


def hex_lines(content: bytes, most: int) -> str:
    """Return at most `most` bytes as lines of offset, hexadecimal and printable ASCII."""
    lines = [_line(start, content[start : start + WIDTH]) for start in
             range(0, min(len(content), most), WIDTH)]  # fmt: skip
    if len(content) > most:
        lines.append(f"… and {len(content) - most:,} bytes more")
    return "\n".join(lines)


def _line(start: int, part: bytes) -> str:
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
    return f"{start:04x}  {part.hex(' '):<{WIDTH * 3 - 1}}  {text}"
