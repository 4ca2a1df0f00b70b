# SPDX-License-Identifier: MIT
"""From frames to stored alerts: one adapter per engine."""
