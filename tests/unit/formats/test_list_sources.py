# SPDX-License-Identifier: MIT
"""Lists that can be named, and addresses of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import list_sources
from appliance.formats.list_sources import KNOWN, is_https, source_of


def test_every_known_list_has_terms_and_is_fetched_by_https() -> None:
    for name, source in KNOWN.items():
        assert source.name == name == source_of(name).name
        assert is_https(source.url) and is_https(source.terms) and source.title


def test_another_list_is_named_after_its_host() -> None:
    first, second = (source_of(f"https://Lists.example.org/{each}") for each in ("a", "b"))
    assert first.name.startswith("lists.example.org-") and first.name != second.name
    assert first.url == "https://Lists.example.org/a"


@pytest.mark.parametrize(
    "text",
    ["", "drop", "http://example.org/", "ftp://example.org", "https://", "https:///x",
     "https://me@example.org/", "https://example.org:x/", "https://example.org/a b",
     "https://example.org/ä", "https://example.org:0/", "https://" + "a" * 500,
     "https://exa\nmple.org/"],
)  # fmt: skip
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        source_of(text)


@given(st.text(max_size=60).map(lambda text: f"https://{text}"))
def test_the_name_of_any_list_is_one_of_a_file(url: str) -> None:
    if is_https(url):
        name = source_of(url).name
        assert "/" not in name and name.isascii() and len(name) <= 64


@pytest.mark.parametrize(
    ("text", "seen"),
    [("et-open", "et-open"), ("https://example.org", "https://example.org"),
     ("https://example.org/", "https://example.org/")],
)  # fmt: skip
def test_what_holds_no_key_is_shown(text: str, seen: str) -> None:
    assert list_sources.shown(text) == seen


@pytest.mark.parametrize(
    "text",
    ["https://example.org/MARKED/list", "https://example.org?key=MARKED", "http://a.b/MARKED",
     "https://MARKED@example.org/x", "https://example.org:8443/MARKED#MARKED", "MARKED key",
     "ftp://x/MARKED", "\nMARKED", "https://[::1]/MARKED", "https://example.org/\udc80MARKED"],
)  # fmt: skip
def test_of_an_address_the_host_alone_is_shown(text: str) -> None:
    seen = list_sources.shown(text)
    assert "MARKED" not in seen and seen.isprintable()
    assert seen != list_sources.shown(f"{text}x")
