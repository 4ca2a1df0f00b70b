# SPDX-License-Identifier: MIT
"""Rule sets of the Internet: checked, tried with the engine, switched, watched, and taken back."""
