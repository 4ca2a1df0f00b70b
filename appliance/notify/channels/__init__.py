# SPDX-License-Identifier: MIT
"""The ways of a message out, one module each: they say what is sent, and what was answered."""
