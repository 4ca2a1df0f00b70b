# SPDX-License-Identifier: MIT
"""Films for players: from the card and from what is plugged in."""
