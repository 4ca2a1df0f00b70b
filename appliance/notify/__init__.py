# SPDX-License-Identifier: MIT
"""Messages: what the sensor tells its owner, where nobody looks at the page."""
