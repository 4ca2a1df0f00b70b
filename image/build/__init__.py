"""From package lists to a packed image."""
