# SPDX-License-Identifier: MIT
"""Addresses for devices, and never beside another DHCP server."""
