# SPDX-License-Identifier: MIT
"""Every alert to a collector of the owner's: the forms that collectors read, and the ways there."""
