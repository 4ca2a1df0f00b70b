# SPDX-License-Identifier: MIT
"""What `--ids` chooses."""

from __future__ import annotations

import pytest

from appliance.errors import InputError
from appliance.settings.config import HELD_ENGINE, held_engine
from image.build import engines


def test_every_engine_is_there_and_none() -> None:
    assert engines.names() == ["none", "snort", "suricata"]
    assert not engines.choose("none").has_root
    with pytest.raises(InputError, match="no engine zeek; there are: none, snort, suricata"):
        engines.choose("zeek")


@pytest.mark.parametrize("name", engines.names())
def test_image_says_which_engine_it_holds(name: str) -> None:
    file = engines.choose(name).overlay / HELD_ENGINE.relative_to("/")
    assert held_engine(file) == name


@pytest.mark.parametrize("name", ["snort", "suricata"])
def test_engine_has_a_root_of_packages(name: str) -> None:
    engine = engines.choose(name)
    assert name in engine.packages
    assert engine.is_debian == (name == "suricata")
    assert engine.suite and engine.components
