"""Is it well? Look, judge, act and report."""
