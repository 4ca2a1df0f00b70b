# SPDX-License-Identifier: MIT
"""RouterOS' words and sentences: recorded vectors, every way to cut them, and any bytes at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import sentences
from appliance.formats.sentences import Splitter, command, encode, reply

# Whatever bytes a router sends, as the text they become.
TEXT = st.binary(min_size=1, max_size=300).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
SENTENCES = st.lists(st.lists(TEXT, min_size=1, max_size=5), max_size=5)


def vectors(shared_data: Path) -> Any:
    return json.loads((shared_data / "routeros" / "own" / "api-lengths.json").read_text())


def split(content: bytes, step: int = 1 << 30) -> list[tuple[str, ...]]:
    splitter = Splitter()
    return [
        sentence
        for at in range(0, len(content), step)
        for sentence in splitter.feed(content[at : at + step])
    ]


def test_lengths_are_those_of_the_recorded_vectors(shared_data: Path) -> None:
    found = vectors(shared_data)["vectors"]
    assert [(size, sentences.length(size).hex()) for size, _ in found] == [
        (size, octets) for size, octets in found
    ]


def test_sentences_are_those_of_the_recorded_vectors(shared_data: Path) -> None:
    for case in vectors(shared_data)["sentences"]:
        assert encode(case["words"]).hex() == case["hex"]
        assert split(bytes.fromhex(case["hex"])) == [tuple(case["words"])]


def test_reserved_bytes_are_refused(shared_data: Path) -> None:
    for octet in vectors(shared_data)["reserved_first_byte"]:
        with pytest.raises(DecodeError, match="reserved"):
            split(bytes.fromhex(octet))


@pytest.mark.parametrize("size", [1, 0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000])
def test_words_of_every_form_of_length_come_back(size: int) -> None:
    assert split(encode(["x" * size]), 70000) == [("x" * size,)]


@given(SENTENCES, st.integers(1, 700))
def test_what_was_encoded_comes_back_however_it_is_cut(sent: list[list[str]], step: int) -> None:
    content = b"".join(map(encode, sent))
    assert split(content, step) == [tuple(words) for words in sent]


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_any_bytes_give_sentences_or_one_error(content: bytes, step: int) -> None:
    """The same whatever the cuts, and what is given back is no longer than what came."""

    def outcome(step: int) -> tuple[list[tuple[str, ...]], bool]:
        splitter, found = Splitter(), []
        try:
            for at in range(0, len(content), step):
                found += [*splitter.feed(content[at : at + step])]
        except DecodeError:
            return found, False
        return found, True

    found, whole = outcome(step)
    assert outcome(len(content) or 1)[1] == whole
    texts = [word.encode("utf-8", "surrogateescape") for words in found for word in words]
    assert sum(map(len, texts)) <= len(content)
    assert all(texts)


@given(SENTENCES)
def test_an_end_within_a_sentence_is_seen(sent: list[list[str]]) -> None:
    content = b"".join(map(encode, sent))
    splitter = Splitter()
    list(splitter.feed(content))
    assert not splitter.pending
    if content:
        cut = Splitter()
        list(cut.feed(content[:-1]))
        assert cut.pending


@pytest.mark.parametrize("content", [b"\xf0\xff\xff\xff\xff", b"\xe2\x00\x00\x00"])
def test_words_that_nobody_sends_are_refused_before_they_come(content: bytes) -> None:
    with pytest.raises(DecodeError, match="bytes"):
        split(content)


def test_a_sentence_without_an_end_is_refused() -> None:
    with pytest.raises(DecodeError, match="without an end"):
        split(b"\1x" * (sentences.MOST_WORDS + 1))


def test_empty_sentences_between_others_say_nothing() -> None:
    assert split(b"\0\0\5!done\0\0") == [("!done",)]


@pytest.mark.parametrize("words", [[], [""], ["/a", ""]])
def test_a_word_that_would_end_the_sentence_is_not_sent(words: list[str]) -> None:
    with pytest.raises(ValueError, match="word"):
        encode(words)


def test_only_the_first_equals_sign_separates() -> None:
    found = reply(("!re", "=comment=a=b", ".tag=7", "=empty="))
    assert found.values == {"comment": "a=b", "empty": ""}
    assert (found.kind, found.tag) == ("!re", "7")


def test_a_fatal_keeps_its_reason() -> None:
    assert reply(("!fatal", "not logged in")).rest == ("not logged in",)


@pytest.mark.parametrize("words", [(), ("re",), ("HTTP/1.1 400 Bad Request",)])
def test_what_is_no_answer_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(DecodeError):
        reply(words)


def test_command_has_its_values_and_queries_in_order() -> None:
    words = command("/ip/firewall/raw/print", {".proplist": ".id"}, "?comment=x")
    assert words == ("/ip/firewall/raw/print", "=.proplist=.id", "?comment=x")


@given(st.integers(0, sentences.LARGEST_WORD))
def test_a_length_tells_how_long_it_is_itself(size: int) -> None:
    octets = sentences.length(size)
    assert len(octets) == 1 + (size >= 0x80) + (size >= 0x4000) + (size >= 0x200000) + (
        size >= 0x10000000
    )
    assert octets[0] < 0xF8
