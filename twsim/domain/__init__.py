"""The values that cross between the simulated broker and the wire, independent of any codec."""
