# SPDX-License-Identifier: MIT
"""Sentences of RouterOS' API: words with their lengths in front, ended by an empty word. Pure.

Source: RouterOS manual, API, "API words" and "API sentences". Text is bytes that nobody promises
an encoding for: what is not UTF-8 becomes surrogates, so that it goes back as it came.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from appliance.errors import DecodeError

# Below each limit (exclusive), a length takes so many bytes, marked in the first one.
_FORMS = ((0x80, 1, 0x00), (0x4000, 2, 0x80), (0x200000, 3, 0xC0), (0x10000000, 4, 0xE0))
_FIVE_BYTES, _RESERVED = 0xF0, 0xF8
_LARGEST = 0xFFFFFFFF
_SHORT = tuple(bytes((size,)) for size in range(_FORMS[0][0]))
# An export of a large router has some megabytes; nothing else comes near.
LARGEST_WORD = 16 << 20
LARGEST_SENTENCE = 32 << 20
MOST_WORDS = 4096


@dataclass(frozen=True, slots=True)
class Reply:
    """What a router answers: `kind` is "!re", "!done", "!trap", "!fatal" or "!empty".

    `tag` is that of the command, empty where it has none; `rest` are words that are no `=key=value`
    (the reason of a !fatal).
    """

    kind: str
    tag: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()


def length(size: int) -> bytes:
    """Return the prefix of a word of `size` bytes, 1 to 5 bytes. Raises ValueError."""
    if not 0 <= size <= _LARGEST:
        raise ValueError(f"a word of {size} bytes")
    for limit, octets, mark in _FORMS:
        if size < limit:
            return (size | mark << 8 * (octets - 1)).to_bytes(octets, "big")
    return bytes((_FIVE_BYTES,)) + size.to_bytes(4, "big")


def encode(words: Iterable[str]) -> bytes:
    """Return a sentence. Raises ValueError for an empty word, which would end it."""
    content: list[bytes] = []
    for word in words:
        text = word.encode("utf-8", "surrogateescape")
        if not text:
            raise ValueError("a sentence with an empty word")
        content += (_SHORT[len(text)] if len(text) < len(_SHORT) else length(len(text)), text)
    if not content:
        raise ValueError("a sentence without a word")
    return b"".join(content) + b"\0"


def command(path: str, values: Mapping[str, str] | None = None, *more: str) -> tuple[str, ...]:
    """Return the words of a command: its path, `=key=value` for each value, and what follows."""
    return (path, *(f"={key}={value}" for key, value in (values or {}).items()), *more)


def reply(words: tuple[str, ...]) -> Reply:
    """Return a sentence of the router's as a Reply. Raises DecodeError for what is none."""
    if not words or not words[0].startswith("!"):
        raise DecodeError("no answer of a RouterOS API")
    values: dict[str, str] = {}
    tag, rest = "", []
    for word in words[1:]:
        if word[:1] == "=":
            key, _, value = word[1:].partition("=")
            # Thousands of rows have the same few names.
            values[sys.intern(key)] = value
        elif word.startswith(".tag="):
            tag = word[5:]
        else:
            rest.append(word)
    return Reply(words[0], tag, values, tuple(rest))


class Splitter:
    """Makes sentences of bytes, however they arrive; memory is bounded by LARGEST_SENTENCE."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._words: list[str] = []
        self._size = 0

    @property
    def pending(self) -> bool:
        """Whether the bytes so far end within a sentence."""
        return bool(self._buffer or self._words)

    def feed(self, content: bytes) -> Iterator[tuple[str, ...]]:
        """Yield the sentences that are whole now. Raises DecodeError; nothing fits behind that."""
        # Nearly always nothing waits, and what has come is read where it is.
        waiting, found = self._buffer, content if not self._buffer else None
        if found is None:
            waiting += content
        data = waiting if found is None else found
        position, behind = 0, len(data)
        try:
            while position < behind:
                # Nearly all words are short: their length is one byte.
                start = position + 1
                end = start + data[position]
                if end - start >= _FORMS[0][0]:
                    if (place := _word(data, position)) is None:
                        return
                    start, end = place
                elif end > behind:
                    return
                position = end
                if start < end:
                    self._size += end - start
                    if self._size > LARGEST_SENTENCE or len(self._words) >= MOST_WORDS:
                        raise DecodeError("a sentence without an end")
                    self._words.append(data[start:end].decode("utf-8", "surrogateescape"))
                elif self._words:
                    words, self._words, self._size = tuple(self._words), [], 0
                    yield words
        finally:
            if found is None:
                del waiting[:position]
            else:
                waiting += found[position:]


def _word(buffer: bytes | bytearray, position: int) -> tuple[int, int] | None:
    """Return where the word at `position` begins and ends; None where it is not all there."""
    first = buffer[position]
    if first >= _RESERVED:
        raise DecodeError(f"a word begins with the reserved byte {first:#x}")
    octets = 1 + (first >= 0x80) + (first >= 0xC0) + (first >= 0xE0) + (first >= _FIVE_BYTES)
    start = position + octets
    size = int.from_bytes(buffer[position:start], "big")
    mark = _FIVE_BYTES if octets == 5 else _FORMS[octets - 1][2]
    size &= ~(mark << 8 * (octets - 1))
    if len(buffer) < start:
        return None
    if octets == 5:
        size = int.from_bytes(buffer[position + 1 : start], "big")
    if size > LARGEST_WORD:
        raise DecodeError(f"a word of {size} bytes")
    return (start, start + size) if len(buffer) >= start + size else None
