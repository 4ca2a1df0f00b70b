# SPDX-License-Identifier: MIT
"""The time of a machine without a clock: kept over power cuts, asked of the network's servers."""
