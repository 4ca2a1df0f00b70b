"""What follows from the facts for each part."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from appliance.host.links import Link
from appliance.settings.sections.fit import Address
from appliance.web.facts import Alerts, Engine, Facts, Receiver, Stream
from appliance.web.rates import Rates


def a_machine(*addresses: str, link: Link = Link.UP) -> Facts:
    """Return the facts of a machine whose receiver does not run."""
    parsed: tuple[Address, ...] = tuple(ip_address(text) for text in addresses)
    return Facts(
        now=0.0,
        report=None,
        store=None,
        rates=Rates(),
        interface="tzsp0",
        link=link,
        engine=Engine.LISTENING,
        engine_name="Snort",
        addresses=parsed,
        port=37008,
    )


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ((), []),
        (("2001:db8::1",), []),
        (("2001:db8::1", "192.0.2.2", "192.0.2.3"), ["192.0.2.2:37008", "192.0.2.3:37008"]),
    ],
)
def test_targets_are_the_ipv4_addresses(addresses: tuple[str, ...], expected: list[str]) -> None:
    facts = a_machine(*addresses)
    assert facts.targets == expected
    assert facts.target == (expected[0] if expected else None)


def test_nothing_is_known_without_a_receiver() -> None:
    facts = a_machine()
    assert (facts.receiver, facts.stream) == (Receiver.ABSENT, Stream.UNKNOWN)
    assert facts.alerts is Alerts.ABSENT
    assert facts.frame_rate is None
    assert facts.source_rate("192.0.2.1") is None
    assert not facts.watching
