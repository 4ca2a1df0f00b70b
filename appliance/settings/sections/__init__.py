"""The sections of the settings, as frozen dataclasses."""
