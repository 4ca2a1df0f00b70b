# SPDX-License-Identifier: MIT
"""Health to be seen without a screen."""
