# SPDX-License-Identifier: MIT
"""Bytes that come piece by piece, taken in the lengths that a format asks for."""

from __future__ import annotations

from collections.abc import Callable

from appliance.errors import DecodeError


class CutOff(DecodeError):
    """The bytes end inside of something."""


class ByteStream:
    """Takes exact lengths from pieces of any length; holds one piece and what is asked for."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        """Take what returns the next piece, and nothing at the end."""
        self._more = more
        self._held = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes. Raises CutOff where there are fewer."""
        end = self._at + size
        if end > len(self._held):
            self._fill(size)
            end = size
            if end > len(self._held):
                raise CutOff("cut off")
        piece = self._held[self._at : end]
        self._at = end
        return piece

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, or as many as there are, and leave them to be taken."""
        if self._at + size > len(self._held):
            self._fill(size)
        return self._held[self._at : self._at + size]

    def rest(self) -> bytes:
        """Return the next piece, whatever its length; nothing at the end."""
        piece = self._held[self._at :] or self._more()
        self._held, self._at = b"", 0
        return piece

    def give_back(self, piece: bytes) -> None:
        """Put a piece before what comes next."""
        self._held, self._at = piece + self._held[self._at :], 0

    def _fill(self, size: int) -> None:
        pieces = [self._held[self._at :]]
        length = len(pieces[0])
        while length < size and (piece := self._more()):
            pieces.append(piece)
            length += len(piece)
        self._held, self._at = b"".join(pieces), 0
