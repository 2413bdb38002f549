"""Routing against open solvers: the same instances, one core, the same CPU seconds, in turns, in one run."""
