# SPDX-License-Identifier: MIT
"""The lists in force as a zone, for other servers of names to take as secondaries."""
