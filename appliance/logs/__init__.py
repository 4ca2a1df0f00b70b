# SPDX-License-Identifier: MIT
"""What routers' firewalls and honeypots log, as events, day files and pictures."""
