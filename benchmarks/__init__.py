"""How fast the parts are, each compared in one run with what it replaces; prints JSON lines."""
