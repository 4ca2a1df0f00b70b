"""The sections of the settings, each with its types and what its values must be."""
