# SPDX-License-Identifier: MIT
"""Lines out of a stream of TCP: RFC 6587's two framings, JSON lines, and what RouterOS sends. Pure.

The first byte tells: a digit counts the octets of each line; all else goes to the next newline.
RouterOS ends its `default` and `syslog` lines by nothing, others by a NUL: while no newline has
come, a line ends there or where the next one begins, and the last one with `quiet()`.
"""

from __future__ import annotations

import re

LONGEST = 8192  # bytes of a line
SAMPLE = 200
_LONGEST_NUMBER = 5
# Where a line begins in a stream without newlines; it is known after so many bytes.
_OVERLAP = 32
_BEGINS = re.compile(
    rb"(?=<\d{1,3}>(?:[A-Z][a-z]{2} [ \d]\d \d\d:|(?:1 )?\d{4}-\d\d-\d\dT\d\d:)|firewall,info )|\0"
)


class Framer:
    """Takes the bytes of one connection as they come, and returns lines.

    What is longer than LONGEST is left out; `too_long` counts such lines, and `sample` is how the
    last of them began.
    """

    def __init__(self) -> None:
        self.too_long = 0
        self.sample = b""
        self._buffer = b""
        self._counted: bool | None = None
        self._newline = False
        self._skip = 0  # octets of a counted line that is left out
        self._skipping = False  # until the next newline
        self._seen = 0  # bytes in which no other line begins

    @property
    def is_waiting(self) -> bool:
        """Whether a line has begun that has not ended."""
        return bool(self._buffer) or self._skip > 0 or self._skipping

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole by now."""
        if self._counted is None and data:
            self._counted = data[:1].isdigit()
        self._buffer += data
        return self._octets() if self._counted else self._lines()

    def quiet(self) -> list[bytes]:
        """Return what a sender that ends lines by nothing has sent last."""
        if self._counted or self._newline or self._skipping:
            return []
        return self.end()

    def end(self) -> list[bytes]:
        """Return the rest: the connection is over. The rest of a counted line is cut off."""
        rest, self._buffer, self._seen = self._buffer, b"", 0
        return [rest] if rest and not self._skipping else []

    def _octets(self) -> list[bytes]:
        found: list[bytes] = []
        buffer, place = self._buffer, 0
        while place < len(buffer):
            if self._skip:
                gone = min(self._skip, len(buffer) - place)
                place, self._skip = place + gone, self._skip - gone
                continue
            blank = buffer.find(b" ", place, place + _LONGEST_NUMBER + 1)
            number = (
                buffer[place:blank] if blank >= 0 else buffer[place : place + _LONGEST_NUMBER + 1]
            )
            if not number.isdigit() or (blank < 0 and len(number) > _LONGEST_NUMBER):
                # The count is lost: from here on newlines are all there is.
                self._counted, self._buffer = False, buffer[place:]
                return found + self._lines()
            if blank < 0:
                break
            begin, length = blank + 1, int(number)
            if length > LONGEST:
                self._leave_out(buffer[begin : begin + SAMPLE])
                place, self._skip = begin, length
            elif len(buffer) - begin < length:
                break
            else:
                found.append(buffer[begin : begin + length])
                place = begin + length
        self._buffer = buffer[place:]
        return found

    def _lines(self) -> list[bytes]:
        *found, self._buffer = self._buffer.split(b"\n")
        if found:
            self._newline = True
            if self._skipping:
                self._skipping, found = False, found[1:]
        elif self._skipping:
            self._buffer = b""
        if not self._newline:
            found = self._begun()
        if len(self._buffer) > LONGEST:
            self._leave_out(self._buffer)
            self._buffer, self._skipping, self._seen = b"", True, 0
        # Who ends lines by CR LF NUL has the NUL in front of the next one.
        return [each.lstrip(b"\0") for each in found if self._fits(each)]

    def _begun(self) -> list[bytes]:
        """Return what another line has begun after; what was looked at before is not again."""
        found, place = [], 0
        for begin in _BEGINS.finditer(self._buffer, max(self._seen - _OVERLAP, 1)):
            if begin.end() > place:
                found.append(self._buffer[place : begin.start()])
                place = begin.end()
        self._buffer = self._buffer[place:]
        self._seen = len(self._buffer)
        return found

    def _fits(self, line: bytes) -> bool:
        if len(line) > LONGEST:
            self._leave_out(line)
            return False
        return True

    def _leave_out(self, line: bytes) -> None:
        self.too_long += 1
        self.sample = line[:SAMPLE]
