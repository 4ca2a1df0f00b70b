# SPDX-License-Identifier: MIT
"""Finds the flows that are not to be kept one by one, many at once. Pure."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network

import numpy as np
from numpy.typing import NDArray

from appliance.flowstore.spool import Rows
from appliance.formats.plain_address import half_masks
from appliance.settings.sections.exclusions import Exclusion, ExclusionPart

Mask = NDArray[np.bool_]
# After translation a host inside stands only among the addresses of NAT.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "proto": ("proto",),
    "way": ("way",),
    "port": ("sport", "dport"),
    "sport": ("sport",),
    "dport": ("dport",),
    "host": ("src", "dst", "nat_src", "nat_dst"),
    "src": ("src", "nat_src"),
    "dst": ("dst", "nat_dst"),
}


def excluded(rows: Rows, rule: Exclusion) -> Mask:
    """Tell for each row whether a rule is about it."""
    found = np.ones(len(rows), np.bool_)
    for each in rule.conditions:
        found &= _holds(rows, each)
    return found


def _holds(rows: Rows, condition: ExclusionPart) -> Mask:
    found = np.zeros(len(rows), np.bool_)
    for column in COLUMNS[condition.kind]:
        if isinstance(condition.values, tuple):
            first, last = condition.values
            found |= (rows[column] >= first) & (rows[column] <= last)
        else:
            mask_hi, mask_lo, want_hi, want_lo = _network(condition.values)
            high, low = rows[f"{column}_hi"], rows[f"{column}_lo"]
            found |= (high & mask_hi == want_hi) & (low & mask_lo == want_lo)
    return found


@functools.cache
def _network(found: IPv4Network | IPv6Network) -> tuple[np.uint64, ...]:
    return tuple(map(np.uint64, half_masks(found)))
