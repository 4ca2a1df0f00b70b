# SPDX-License-Identifier: MIT
from __future__ import annotations

import dataclasses

import pytest

from appliance.ids import engines
from appliance.settings.config import Config
from appliance.settings.sections.ids import IdsConfig
from tests.conftest import PROJECT


@pytest.mark.parametrize("name", engines.ENGINES)
def test_chosen_is_the_engine_of_the_settings(name: str) -> None:
    settings = Config(ids=IdsConfig(engine=name))  # type: ignore[arg-type]
    engine = engines.chosen(settings)
    assert engine is not None
    assert name.capitalize() == engine.TITLE
    assert (PROJECT / "config" / name / "start.sh").is_file()


def test_chosen_without_an_engine() -> None:
    settings = dataclasses.replace(Config(), ids=IdsConfig(engine="none"))
    assert engines.chosen(settings) is None
