"""Reads problems from files: public instances and a station's own tables. Imports only `problem` and `rules`."""
