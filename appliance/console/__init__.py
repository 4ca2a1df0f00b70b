# SPDX-License-Identifier: MIT
"""A serial line to a router, on the page: for when nothing else reaches it any more."""
