# SPDX-License-Identifier: MIT
"""Where the sensor is blind: what routers tell of, against what their stream shows."""
