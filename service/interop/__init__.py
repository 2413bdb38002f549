"""Other people's formats: lists of institutions, staff and elders that come in as files.

Owns no tables. Asks institutions, accounts, practitioners, patients, catalog and contracts through their use cases.
"""
