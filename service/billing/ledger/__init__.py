"""总账: double-entry journal per institution and book, gapless invoices, statements that equal the bills.

Owns `journal_entries`, `journal_lines`, `invoice_counters`, `invoices`. Others post through `ledger.usecases.post`.
"""
