"""Writes plans to files; a cost is computed from what was written, in the file's own numbers."""
