# SPDX-License-Identifier: MIT
"""What is handed out of a build: compressed image, sums, block map, list of packages."""
