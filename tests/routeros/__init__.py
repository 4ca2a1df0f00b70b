# SPDX-License-Identifier: MIT
"""A router that is not there: RouterOS' API and console on the command tree of real versions."""
