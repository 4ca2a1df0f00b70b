# SPDX-License-Identifier: MIT
"""Who gets in: password, sessions, hosts and foreign sites, and who tried."""
