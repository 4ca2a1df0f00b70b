# SPDX-License-Identifier: MIT
"""Who is in the network: names, makers, and since when."""
