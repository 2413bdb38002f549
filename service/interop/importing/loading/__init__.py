"""Puts the rows of the lists into the rooms, one list after the other, inside one transaction."""
