# SPDX-License-Identifier: MIT
"""The closing summary, read by the patterns that readers of tcpreplay's summary use."""

from __future__ import annotations

import errno
import re
from collections import Counter

import pytest

from appliance.tools.pacing import TimingError
from appliance.tools.summary import Played, summary

RUN = Played(
    read=17,
    read_bytes=2000,
    sent=12,
    sent_bytes=1500,
    truncated=3,
    failed=Counter(oversize=4, malformed=1, no_buffer=0),
    retried=Counter({errno.ENOBUFS: 7, errno.EAGAIN: 2}),
    seconds=3.0,
    timing_error=TimingError(p50=12, p99=80, max=212),
)


def numbers(pattern: str, text: str) -> tuple[float, ...]:
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"{pattern} not in {text}"
    return tuple(float(group) for group in match.groups())


def test_summary_has_the_lines_of_tcpreplay() -> None:
    text = summary(RUN, "network device: tzsp0")
    assert numbers(r"^Actual: (\d+) packets \((\d+) bytes\) sent in ([\d.]+) seconds$", text) == (
        12,
        1500,
        3,
    )
    assert numbers(r"^Rated: ([\d.]+) Bps, ([\d.]+) Mbps, ([\d.]+) pps$", text) == (500, 0.004, 4)
    assert "\nStatistics for network device: tzsp0\n" in text
    for name, count in {
        "Successful packets": 12,
        "Failed packets": 5,
        "Truncated packets": 3,
        r"Retried packets \(ENOBUFS\)": 7,
        r"Retried packets \(EAGAIN\)": 2,
    }.items():
        assert numbers(rf"^\t{name}: +(\d+)$", text) == (count,)


def test_summary_tells_below_what_tcpreplay_does_not() -> None:
    assert summary(RUN, "x").splitlines()[-2:] == [
        "Failed: 1 malformed, 4 oversize",
        "Timing error: p50 12 us, p99 80 us, max 212 us",
    ]
    assert summary(Played(returned=Counter(refused=3)), "x").endswith("\nReturned: 3 refused")


def test_summary_of_a_perfect_run_is_that_of_tcpreplay_alone() -> None:
    assert len(summary(Played(read=1, sent=1), "x").splitlines()) == 8


@pytest.mark.parametrize("seconds", [0.0, 0.000221])
def test_summary_of_a_very_short_run_divides_by_nothing(seconds: float) -> None:
    text = summary(Played(read=1, sent=1, sent_bytes=42, seconds=seconds), "x")
    assert f"sent in {seconds:.6f} seconds" in text


def test_complete_means_nothing_failed_and_nothing_came_back() -> None:
    assert Played(read=2, sent=2, truncated=2).complete
    assert not Played(failed=Counter(oversize=1)).complete
    assert not Played(returned=Counter(refused=1)).complete


def test_run_as_json_names_all_counts() -> None:
    assert RUN.run_as_json() == {
        "truncated": 3,
        "retried_enobufs": 7,
        "retried_eagain": 2,
        "seconds": 3.0,
        "timing_error_us": {"p50": 12, "p99": 80, "max": 212},
    }
    assert Played().run_as_json()["timing_error_us"] is None
