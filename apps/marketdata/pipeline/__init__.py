"""From the broker's thread to Redis: conflate (pure), flusher (thread), publish (Redis)."""

from apps.marketdata.pipeline.flusher import Pipeline

__all__ = ["Pipeline"]
