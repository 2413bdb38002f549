"""Tables that people fill in: CSV and XLSX read into numbered lines, cells into values, faults by line and column."""
