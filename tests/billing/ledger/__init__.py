"""The ledger: postings, journal, invoices, statements."""
