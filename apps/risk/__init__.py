"""Limits, the gate, the guard, kill levels and locks: what may be traded, and when it stops."""
