"""Reads problems from files: public instances and a station's own tables. Imports only the problem, its validation and
the rules.
"""
