"""Realtime: who listens in this process (hub), how processes tell each other (wakeup), and the streams."""
