"""From frames to stored alerts: one adapter per engine."""
