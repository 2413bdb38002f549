"""The API against what a team would write instead: the same requests, the same database, in turns, in one run."""
