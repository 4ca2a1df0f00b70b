# SPDX-License-Identifier: MIT
"""How the image is made and run on a PC: boards, package lists, stages, the emulated machine."""
