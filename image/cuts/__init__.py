# SPDX-License-Identifier: MIT
"""Power cuts: a machine that loses power again and again, and every state a cut can leave."""
