# SPDX-License-Identifier: MIT
"""What was changed on routers: their configuration's history, and who did it."""
