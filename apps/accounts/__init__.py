"""Connections, accounts, values, positions, P&L and who may see them."""
