# SPDX-License-Identifier: MIT
"""What lines of logs mean: a parser for each format, all pure."""
