# SPDX-License-Identifier: MIT
"""Who is blocked on the owner's routers, for how long, and the proof of it."""
