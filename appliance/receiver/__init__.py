# SPDX-License-Identifier: MIT
"""The live path: TZSP datagrams from the router's stream, frames onto the sniffing interface."""
