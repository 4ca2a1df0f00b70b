# SPDX-License-Identifier: MIT
"""The pulses of OTX that the owner subscribed to: fetched in small pages, and gone on with."""
