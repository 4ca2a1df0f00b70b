# SPDX-License-Identifier: MIT
"""Lists of names and addresses that are known to be bad, and who here meets them."""
