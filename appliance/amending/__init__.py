# SPDX-License-Identifier: MIT
"""Settings that the owner changes on the page: laid over those on the card, shown, taken back."""
