"""One file that an installation can be made from again: the database's dump, the files, and what both must hash to.

Keys are not in it: whoever finds a backup must not be able to read it. They are kept elsewhere.
"""
