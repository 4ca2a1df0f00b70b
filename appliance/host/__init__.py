# SPDX-License-Identifier: MIT
"""What the kernel tells and does for us: interfaces, clocks, mounts, memory, LEDs' files."""
