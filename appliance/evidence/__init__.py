# SPDX-License-Identifier: MIT
"""The packets around each alert: kept by the kernel in memory, cut out, shown and handed out."""
