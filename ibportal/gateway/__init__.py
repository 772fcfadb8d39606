"""The process that owns one broker connection: Celery bootstep, lease, wiring, one start path."""
