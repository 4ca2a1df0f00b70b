# SPDX-License-Identifier: MIT
"""Flows for other programs: sent on as they come, and handed out as files."""
