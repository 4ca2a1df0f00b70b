"""SQLite as all stores use it."""
