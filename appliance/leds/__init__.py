"""Health to be seen without a screen."""
