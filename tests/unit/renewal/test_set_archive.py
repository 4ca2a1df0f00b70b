# SPDX-License-Identifier: MIT
"""Archives of every kind: their rules by bare names, or a reason in words."""

from __future__ import annotations

import gzip
import tarfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.renewal import set_archive
from appliance.renewal.set_archive import SetArchiveError, unpack
from tests.unit.renewal.played import GOOD, packed, rules
from tests.unit.renewal.test_renew import CONTENTS, zipped

TEXT = rules(3)


@pytest.mark.parametrize(
    "content",
    [
        TEXT, gzip.compress(TEXT), packed({"a/all.rules": TEXT}), zipped("a/all.rules", TEXT),
        packed({"./all.rules": TEXT}, "w"), packed({"../../etc/all.rules": TEXT}),
        zipped("..\\..\\all.rules", TEXT),
    ],
)  # fmt: skip
def test_forms_of_one_set(content: bytes) -> None:
    assert unpack(content) == {"all.rules": TEXT}


def test_what_is_no_rule_is_not_even_read() -> None:
    files = {"x/deleted.rules": TEXT, "x/sid-msg.map": b"x", "x/classification.config": b"y"}
    files |= {"x/a b.rules": TEXT, "x/.rules": TEXT, "x/good.rules": TEXT}
    assert unpack(packed(files)).keys() == {"classification.config", "good.rules"}


def test_links_and_devices_are_passed_over() -> None:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("x.rules")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    with pytest.raises(SetArchiveError, match="no files of rules"):
        unpack(out.getvalue())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/set/bomb", "more than 96 MB"), ("/set/zip-bomb", "more than 96 MB"),
        ("/set/half", "cut off"), ("/set/empty-archive", "neither an archive nor rules"),
        ("/set/traversal", "no files of rules"), ("/set/picture", "neither an archive nor rules"),
    ],
)  # fmt: skip
def test_what_is_no_set_is_told(path: str, why: str) -> None:
    with pytest.raises(SetArchiveError, match=why):
        unpack(CONTENTS[path])


def test_a_web_page_is_told() -> None:
    with pytest.raises(SetArchiveError, match="web page"):
        unpack(b"\n<!DOCTYPE html><html>")


def test_a_tar_that_ends_between_two_files_is_cut_off() -> None:
    whole = packed({"a.rules": TEXT, "b.rules": TEXT}, "w")
    with pytest.raises(SetArchiveError, match="cut off"):
        unpack(whole[: 512 + (len(TEXT) + 511) // 512 * 512])


def test_many_files_are_too_many() -> None:
    with pytest.raises(SetArchiveError, match="more than 2000"):
        unpack(packed({f"{n}.txt": b"" for n in range(set_archive.MOST_MEMBERS + 1)}))


@given(st.binary(max_size=300), st.integers(0, len(GOOD)))
def test_whatever_comes_it_is_read_or_told(noise: bytes, place: int) -> None:
    for content in (noise, GOOD[:place] + noise + GOOD[place + len(noise) :]):
        try:
            assert unpack(content)
        except SetArchiveError as error:
            assert str(error)
