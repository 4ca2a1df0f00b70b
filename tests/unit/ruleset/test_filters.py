# SPDX-License-Identifier: MIT
"""Lines that say which alerts are wanted, in the forms that the engines take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.ids import snort, suricata
from appliance.ids.rules import RuleError
from appliance.ruleset import filters
from appliance.ruleset.filters import Forms

BOTH = (snort.FORMS, suricata.FORMS)


def lines(text: str, forms: Forms = snort.FORMS) -> list[str]:
    return list(filters.parse(text, forms, ["HOME_NET"]).lines(forms))


@pytest.mark.parametrize("forms", BOTH, ids=["snort", "suricata"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("suppress gen_id 1, sig_id 527", None),
        ("Suppress  sig_id 527,gen_id 01", "suppress gen_id 1, sig_id 527"),
        ("suppress\tgen_id\t1,\tsig_id\t527", "suppress gen_id 1, sig_id 527"),
        (
            "suppress gen_id 1, sig_id 5, ip [10.0.0.1, 10.0.0.2], track by_src",
            "suppress gen_id 1, sig_id 5, track by_src, ip [10.0.0.1,10.0.0.2]",
        ),
        ("suppress gen_id 1, sig_id 5, track by_dst, ip $HOME_NET", None),
        ("suppress gen_id 1, sig_id 5, track by_src, ip 2001:db8::/32", None),
        ("suppress gen_id 1, sig_id 0, track by_src, ip 192.168.88.9", None),
        ("suppress gen_id 122, sig_id 0", None),
        (
            "threshold gen_id 1, sig_id 5, track by_src, type limit, seconds 60, count 1",
            "event_filter gen_id 1, sig_id 5, type limit, track by_src, count 1, seconds 60",
        ),
        ("event_filter gen_id 1, sig_id 0, type both, track by_dst, count 1, seconds 60", None),
        (
            "rate_filter gen_id 1, sig_id 5, track by_rule, count 10, seconds 10,"
            " new_action drop, timeout 30",
            None,
        ),
    ],
)
def test_every_engine_gets_the_order_that_it_takes(
    text: str, expected: str | None, forms: Forms
) -> None:
    assert lines(text, forms) == [expected or text]


def test_both_directions_become_two_lines_where_the_engine_has_no_word_for_it() -> None:
    text = "suppress gen_id 1, sig_id 5, track by_either, ip 10.0.0.1"
    assert lines(text, suricata.FORMS) == [text]
    assert lines(text) == [text.replace("by_either", each) for each in ("by_src", "by_dst")]


def test_no_limit_at_all_is_no_line_for_an_engine_that_cannot_be_told() -> None:
    text = "event_filter gen_id 1, sig_id 5, type limit, track by_src, count -1, seconds 60"
    assert lines(text) == [text]
    assert lines(text, suricata.FORMS) == []


@pytest.mark.parametrize("forms", BOTH, ids=["snort", "suricata"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("suppress", "suppress: '': expected gen_id, sig_id, track, ip"),
        ("suppress gen_id 1", "suppress: sig_id is missing"),
        ("suppress gen_id 1, sig_id 5 # why", "suppress: a remark belongs on a line of its own"),
        ("suppress gen_id 1, sig_id 5;", "no semicolon"),
        ("suppress: gen_id 1, sig_id 5, sig_id 6", "sig_id stands there twice"),
        ("suppress gen_id 1, sid 5", "'sid': expected gen_id"),
        ("suppress gen_id 1, sig_id x", "sig_id x: expected a number"),
        ("suppress gen_id 1, sig_id 99999999999", "sig_id 99999999999: expected a number"),
        ("suppress gen_id 1, sig_id 5, track by_src", "track and ip go together"),
        ("suppress gen_id 1, sig_id 5, ip 10.0.0.1", "track and ip go together"),
        ("suppress gen_id 1, sig_id 5, track by_us, ip 10.0.0.1", "track by_us: expected by_dst"),
        (
            "suppress gen_id 1, sig_id 5, track by_src, ip 10.0.0.0/8, 192.168.0.0/16",
            "several addresses stand in brackets",
        ),
        ("suppress gen_id 1, sig_id 5, track by_src, ip 300.1.1.1", "ip 300.1.1.1: expected"),
        ("suppress gen_id 1, sig_id 5, track by_src, ip [10.0.0.1", "ip [10.0.0.1: expected"),
        ("suppress gen_id 1, sig_id 5, track by_src, ip $NET", "no variable $NET"),
        ("suppress gen_id 1, sig_id 5, track by_src, ip " + "[" * 99 + "]" * 99, "expected a list"),
        ("suppress gen_id 1, sig_id 1000001", "the self-test's own rule"),
        ("suppress gen_id 1, sig_id 0", "would silence the self-test too"),
        ("suppress gen_id 0, sig_id 0, track by_src, ip any", "would silence the self-test"),
        ("suppress gen_id 1, sig_id 0, track by_dst, ip 192.0.2.2", "would silence the self-test"),
        ("suppress gen_id 1, sig_id 0, track by_src, ip $HOME_NET", "would silence the self-test"),
        (
            "suppress gen_id 1, sig_id 0, track by_either, ip [10.0.0.1,192.0.0.0/8]",
            "would silence the self-test",
        ),
        (
            "event_filter gen_id 1, sig_id 1000001, type limit, track by_src, count 1, seconds 1",
            "event_filter: sig_id 1000001 is the self-test's own rule",
        ),
        (
            "event_filter gen_id 1, sig_id 5, type some, track by_src, count 1, seconds 1",
            "type some: expected both, limit, threshold",
        ),
        (
            "event_filter gen_id 1, sig_id 5, type limit, track by_src, count 0, seconds 1",
            "count 0: expected a number from 1",
        ),
        (
            "threshold gen_id 1, sig_id 5, type limit, track by_src, count 1",
            "threshold: seconds is missing",
        ),
        (
            "rate_filter gen_id 1, sig_id 0, track by_src, count 1, seconds 1, new_action pass,"
            " timeout 1",
            "rate_filter: sig_id 0",
        ),
    ],
)
def test_reasons_speak_of_the_lines_own_kind(text: str, reason: str, forms: Forms) -> None:
    assert filters.is_filter(text)
    with pytest.raises(RuleError) as caught:
        filters.parse(text, forms, ["HOME_NET"])
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("ip", "fine"),
    [
        ("!192.0.2.0/24", True),
        ("[!192.0.2.1,192.0.2.0/24]", True),
        ("![192.168.88.9]", False),
        ("[!10.0.0.1]", False),
        ("!any", True),
        ("!$HOME_NET", False),
    ],
)
def test_a_list_may_leave_the_marker_out(ip: str, fine: bool) -> None:
    text = f"suppress gen_id 1, sig_id 0, track by_src, ip {ip}"
    if fine:
        assert lines(text) == [text]
    else:
        with pytest.raises(RuleError, match="silence the self-test"):
            lines(text)
    with pytest.raises(RuleError, match="takes no !"):
        lines(text, suricata.FORMS)


def test_guard_is_for_limits_of_all_rules_only() -> None:
    one = "event_filter gen_id 1, sig_id {}, type limit, track by_src, count 1, seconds 60"
    parsed = [filters.parse(one.format(sid), snort.FORMS, []) for sid in (5, 0)]
    assert filters.guard(parsed[:1]) == []
    [line] = filters.guard(parsed)
    assert "sig_id 1000001" in line


def test_without_leaves_other_lines_as_they_are() -> None:
    limit = "event_filter gen_id 1, sig_id {}, type limit\n"
    text = "# note\n" + limit.format(5) + limit.format(6) + "alert x\n"
    assert filters.without(text, {(1, 5)}) == "# note\n" + limit.format(6) + "alert x\n"


@pytest.mark.parametrize("text", ["alert tcp any any", "suppressed gen_id 1", "#suppress", ""])
def test_is_filter_knows_others(text: str) -> None:
    assert not filters.is_filter(text)


@given(st.text(alphabet="gensi_d 0123456789,[]!$.:/trackbypl#;\\", max_size=60))
def test_no_line_breaks_the_check(text: str) -> None:
    try:
        found = lines(f"suppress gen_id 1, sig_id 5, {text}")
    except RuleError as error:
        assert str(error).startswith("suppress: ")
    else:
        assert all("\n" not in line for line in found)
