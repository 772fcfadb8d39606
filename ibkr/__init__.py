"""A typed, Django-free client library for Interactive Brokers over the official ibapi."""
