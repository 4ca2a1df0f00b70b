# SPDX-License-Identifier: MIT
"""Is it well? Look, judge, act and report."""
