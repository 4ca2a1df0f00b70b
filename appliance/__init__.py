"""Glovebox: TZSP in, frames on a sniffing interface, alerts out, and whether it really works."""
