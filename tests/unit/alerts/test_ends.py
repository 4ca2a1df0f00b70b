# SPDX-License-Identifier: MIT
"""What people write to find alerts, and which addresses it finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.alerts import ends

NAMES = {"tablet": ["10.77.0.11"], "two": ["10.77.0.12", "fe80:0::2"],
         "odd": ["no address", "10.77.0.13"], "none": ["no address"]}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "addresses", "port"),
    [
        ("192.168.88.20", ("192.168.88.20", "::ffff:192.168.88.20"), None),
        (" 192.168.88.20 ", ("192.168.88.20", "::ffff:192.168.88.20"), None),
        ("192.168.88.20:22", ("192.168.88.20", "::ffff:192.168.88.20"), 22),
        ("::ffff:192.0.2.1", ("::ffff:192.0.2.1",), None),
        ("::ffff:c000:201", ("::ffff:192.0.2.1",), None),
        ("fe80::1%eth0", ("fe80::1",), None),
        ("[fe80::1]", ("fe80::1",), None),
        ("[fe80::1]:53", ("fe80::1",), 53),
        ("FE80:0:0:0:0:0:0:1", ("fe80::1",), None),
        ("::102:304", ("::1.2.3.4",), None),
        ("2001:db8::1:1:1:1:1", ("2001:db8:0:1:1:1:1:1",), None),
        ("Tablet", ("10.77.0.11", "::ffff:10.77.0.11"), None),
        ("two", ("10.77.0.12", "::ffff:10.77.0.12", "fe80::2"), None),
        (":22", (), 22),
        ("22", (), 22),
        ("port 22", (), 22),
        # What a service says of a device is no reason to fail, nor to find every alert.
        ("odd", ("10.77.0.13", "::ffff:10.77.0.13"), None),
    ],
)
def test_parse_finds_the_stored_forms(
    text: str, addresses: tuple[str, ...], port: int | None
) -> None:
    found = ends.parse(text, NAMES)
    assert (found.addresses, found.port, found.needs_test) == (addresses, port, False)


@pytest.mark.parametrize(
    ("text", "fits", "others"),
    [
        ("192.168.88.0/24", ["192.168.88.20", "::ffff:192.168.88.20"], ["192.168.8.8", "fe80::1"]),
        ("192.168.88.9/24", ["192.168.88.20"], ["192.168.8.8"]),
        ("0.0.0.0/0", ["192.168.88.20"], ["fe80::1", "a name"]),
        ("2001:db8::/32", ["2001:db8::7"], ["2001:db9::7", "192.0.2.1"]),
        ("192.168.88.", ["192.168.88.20"], ["192.168.8.8", "10.192.168.88"]),
        ("192.168.8", ["192.168.8.8"], ["192.168.88.20"]),
        ("10.", ["10.1.1.1"], ["110.1.1.1"]),
        ("2001:db8:", ["2001:db8::7"], ["2001:db9::7"]),
        ("FE80:", ["fe80::1"], ["fe81::1"]),
    ],
)
def test_parse_finds_networks_and_parts(text: str, fits: list[str], others: list[str]) -> None:
    test = ends.parse(text, NAMES).test()
    assert [test(address) for address in (*fits, *others)] == [True] * len(fits) + [False] * len(
        others
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("192.168.088.020", "without zeros before"),
        ("192.168.300", "0 to 255"),
        ("192.168.1.0/33", "no network"),
        ("70000", "no port"),
        ("192.168.1.1:70000", "no port"),
        ("phone", "No device called 'phone'"),
        ("none", "No device called 'none'"),
        ("192.168.1.1-20", "is no address. Expected 192.168.1.20"),
        ("<script>", "is no address"),
        ("1.2.3.4.5", "is no address"),
        ("[]", "is no address"),
    ],
)
def test_parse_says_what_it_does_not_understand(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        ends.parse(text, NAMES)
    assert reason in str(caught.value)


@given(st.text(max_size=80))
def test_parse_never_fails_otherwise(text: str) -> None:
    try:
        found = ends.parse(text, NAMES)
    except ValueError as error:
        assert len(str(error)) < 240
    else:
        assert found != ends.Ends() and found.test()("192.0.2.1") in (True, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100", (None, 100, None)),
        (" 100 ", (None, 100, None)),
        ("1:100", (1, 100, None)),
        ("1:100:20", (1, 100, 20)),
        ("[1:100:20]", (1, 100, 20)),
    ],
)
def test_rule_takes_what_is_printed(
    text: str, expected: tuple[int | None, int, int | None]
) -> None:
    assert ends.rule(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "abc", "1:2:3:4", "9" * 20, "1:", "٣"])
def test_rule_says_what_it_does_not_understand(text: str) -> None:
    with pytest.raises(ValueError, match="is no rule. Expected 1000140 or 1:1000140:1"):
        ends.rule(text)
