# SPDX-License-Identifier: MIT
"""Updates of the whole system: two of them on the card, bundles, a trial before one is kept."""
