# SPDX-License-Identifier: MIT
"""What became of the frames of played captures, as numbers and as tcpreplay's closing summary."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.tools.pacing import TimingError


@dataclass
class Played:
    """Counts of frames and bytes; read == sent + failed.total() after each frame.

    `truncated` frames were sent as short as the snaplen had left them. `failed` counts by reason,
    `returned` too: sent, but an error came back from the network. `retried` counts by errno.
    """

    read: int = 0
    read_bytes: int = 0
    sent: int = 0
    sent_bytes: int = 0
    truncated: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    retried: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    timing_error: TimingError | None = None

    @property
    def complete(self) -> bool:
        """Tell whether all that was read went out, as far as anyone can know."""
        return not self.failed.total() and not self.returned.total()

    def rates(self) -> tuple[float, float, float]:
        """Return bytes, megabits and frames sent a second; zeros for a run that took no time."""
        if self.seconds <= 0:
            return 0.0, 0.0, 0.0
        bytes_rate = self.sent_bytes / self.seconds
        return bytes_rate, bytes_rate * 8 / 1_000_000, self.sent / self.seconds

    def run_as_json(self) -> dict[str, Any]:
        """Return what reports tell of the run itself, beside what was read, sent and lost."""
        late = self.timing_error
        return {
            "truncated": self.truncated,
            "retried_enobufs": self.retried[errno.ENOBUFS],
            "retried_eagain": self.retried[errno.EAGAIN],
            "seconds": round(self.seconds, 6),
            "timing_error_us": late and {"p50": late.p50, "p99": late.p99, "max": late.max},
        }


def summary(played: Played, destination: str) -> str:
    """Return the closing lines as tcpreplay writes them, and below what it does not tell.

    There is no line on flows: counting them takes memory that grows with each.
    """
    bytes_rate, megabits, frames_rate = played.rates()
    seconds = f"{played.seconds:.2f}" if played.seconds >= 1 else f"{played.seconds:.6f}"
    lines = [
        f"Actual: {played.sent} packets ({played.sent_bytes} bytes) sent in {seconds} seconds",
        f"Rated: {bytes_rate:.1f} Bps, {_megabits(megabits)} Mbps, {frames_rate:.2f} pps",
        f"Statistics for {destination}",
        f"\tSuccessful packets:        {played.sent}",
        f"\tFailed packets:            {played.failed.total()}",
        f"\tTruncated packets:         {played.truncated}",
        f"\tRetried packets (ENOBUFS): {played.retried[errno.ENOBUFS]}",
        f"\tRetried packets (EAGAIN):  {played.retried[errno.EAGAIN]}",
    ]
    if played.failed.total():
        lines.append(f"Failed: {_by_reason(played.failed)}")
    if played.returned.total():
        lines.append(f"Returned: {_by_reason(played.returned)}")
    if played.timing_error is not None:
        late = played.timing_error
        lines.append(f"Timing error: p50 {late.p50} us, p99 {late.p99} us, max {late.max} us")
    return "\n".join(lines)


def _megabits(rate: float) -> str:
    return f"{rate:.2f}" if rate >= 1 else f"{rate:.3f}"


def _by_reason(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()) if count)
