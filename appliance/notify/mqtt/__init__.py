# SPDX-License-Identifier: MIT
"""A channel over MQTT, and what Home Assistant finds there."""
