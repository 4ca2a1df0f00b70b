# SPDX-License-Identifier: MIT
"""The emulated machine: QEMU, its console, its shell, its page."""
