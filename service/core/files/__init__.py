"""Files: kept once under the SHA-256 of their content, sealed at rest, told apart by their first bytes.

Owns `files` and the directory of the settings. A file belongs to the institution that took it in; a room above that
attaches files to its own rows also lets those who may see such a row read them, with a policy of its own.
"""
