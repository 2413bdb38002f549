"""Who may do what: every operation × role × relation against the table that is written from docs/access.md."""
