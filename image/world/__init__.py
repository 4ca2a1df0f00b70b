# SPDX-License-Identifier: MIT
"""Where addresses are, whose, and the map of countries: made of Debian's packages at build."""
