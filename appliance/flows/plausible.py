# SPDX-License-Identifier: MIT
"""Flows that cannot be: more than the line carries, or more in a packet than fits. Pure.

RouterOS 7.12 told of two gigabytes in a sending, now and then.
"""

from __future__ import annotations

import numpy as np

from appliance.flows.records import Flows, Mask

# What a line is taken to carry where nobody says it: faster ones lead to no home or small office.
USUAL_MBIT = 10_000
# Clocks of exporters are no better than that.
SLACK_MS = 1_000
# An IP packet with its link header; what is put together before it is counted is no longer.
LARGEST_PACKET = 65_600


def absurd(flows: Flows, line_mbit: int = 0) -> Mask:
    """Tell which flows cannot be; `line_mbit` is what the line carries, 0 where nobody says it."""
    lasted = (flows["last"] - flows["first"] + SLACK_MS).astype(np.float64)
    # Bits a millisecond are kilobits a second.
    most = lasted * ((line_mbit or USUAL_MBIT) * 1000 / 8)
    counted, packets = flows["bytes"].astype(np.float64), flows["packets"].astype(np.float64)
    stuffed = (counted > packets * LARGEST_PACKET) & (packets > 0)
    # Of those that were looked at stands there; a packet has more than a byte.
    most /= np.maximum(flows["sampling"], 1)
    return np.asarray((counted > most) | (packets > most) | stuffed)
