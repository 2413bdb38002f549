"""The database: engine, sessions behind a fence, rows that lead with the region, constraints that are refusals."""
