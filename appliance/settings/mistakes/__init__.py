# SPDX-License-Identifier: MIT
"""What owners write by mistake, and what they mean by it."""
