"""Orders, executions, decision snapshots, trade runs and their weekly schedule."""
