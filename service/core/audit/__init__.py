"""The audit trail: every change and every read of a person's data leaves a row of a hash chain, in its transaction.

`doing` knows who is at work and why, `trail` what a transaction touched, `append` writes the row, `seals` signs the
chains' heads, `verify` finds what was edited, deleted, reordered or cut off. Owns `audit_entries`, `audit_seals`.
"""
