"""Market data: the tick pipeline, the last quotes in Redis, and the topic they stream on."""
