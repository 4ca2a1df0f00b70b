# SPDX-License-Identifier: MIT
"""Rules for flows that are not kept, as words."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from appliance.settings.sections.exclusions import ExclusionPart, parse
from appliance.settings.sections.fit import Unfit
from appliance.settings.sections.flows import FlowsConfig


def test_a_rule_is_read() -> None:
    found = parse("proto UDP and port 5000-6000 and dst 10.0.0.0/8 and way out")
    assert found.text.startswith("proto UDP")
    assert found.conditions == (
        ExclusionPart("proto", (17, 17)),
        ExclusionPart("port", (5000, 6000)),
        ExclusionPart("dst", ip_network("10.0.0.0/8")),
        ExclusionPart("way", (2, 2)),
    )


@pytest.mark.parametrize(
    "text",
    ["", "proto", "proto 256", "proto x", "port 1-2-3", "port 70000", "port 9-1", "host 1.2.3.4/40",
     "way up", "colour red", "proto 6 and", "proto 6 or port 1", "and proto 6", "port -1",
     " and ".join(["proto 6"] * 9), "host " + "1" * 300, "proto 6\x00"],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
    with pytest.raises(Unfit, match="expected conditions"):
        FlowsConfig(exclude=(text,))
