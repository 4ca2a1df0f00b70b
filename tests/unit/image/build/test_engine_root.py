# SPDX-License-Identifier: MIT
"""The engine's root: from whose archive, packed and unpacked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build import emulation, engine_root, engines
from image.build.context import BuildContext
from image.build.roots import Root
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import Recorded, context


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    recorded = Recorded({"./etc/engine": "here\n"})
    monkeypatch.setattr(Root, "make", lambda *words: recorded(*words))
    monkeypatch.setattr(emulation, "ensure", lambda *words: None)
    monkeypatch.setattr(engine_root, "debian_keyring", lambda: Path("/debian.gpg"))
    monkeypatch.setattr(engine_root, "build_tools", lambda context: Tools(Path("/tools")))
    return recorded


def having(name: str, folder: Path) -> BuildContext:
    return replace(
        context(folder), engine=engines.choose(name), mirror="debian", ubuntu_mirror="ubuntu"
    )


@pytest.mark.parametrize(
    ("name", "mirror", "keyring"),
    [("snort", "ubuntu", "ubuntu-archive-keyring.gpg"), ("suricata", "debian", "debian.gpg")],
)
def test_root_comes_from_the_archive_that_has_the_engine(
    name: str, mirror: str, keyring: str, tmp_path: Path, recorded: Recorded
) -> None:
    packed = engine_root.build_engine_root(having(name, tmp_path), Tools(Path("/tools")))
    (made,) = recorded.made
    assert packed is not None
    assert made.mirror == mirror
    assert made.keyring is not None
    assert made.keyring.name == keyring


def test_no_engine_has_no_root(tmp_path: Path, recorded: Recorded) -> None:
    assert engine_root.build_engine_root(having("none", tmp_path), Tools(tmp_path)) is None
    with pytest.raises(InputError, match="none has no root"):
        engine_root.build_engine_alone(having("none", tmp_path))
    assert recorded.made == []


def test_build_engine_alone_unpacks_it_where_the_link_leads(
    tmp_path: Path, recorded: Recorded
) -> None:
    folder = engine_root.build_engine_alone(having("snort", tmp_path))
    assert (folder / "etc/engine").read_text() == "here\n"
    assert (tmp_path / "engine-snort").resolve() == folder
