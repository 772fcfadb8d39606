"""`make run`: the whole portal on one machine, under one supervisor, with one Ctrl-C."""
