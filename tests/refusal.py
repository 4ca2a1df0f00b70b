# SPDX-License-Identifier: MIT
"""What is said of settings that are refused."""

from __future__ import annotations

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import build
from appliance.settings.tables import parse


def refusal(text: str) -> str:
    """Return why settings of this text are refused; fails where they are not."""
    with pytest.raises(ConfigError) as raised:
        build(parse(text.encode(), "file"), "file")
    return str(raised.value)
