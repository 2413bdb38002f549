"""质控: how well the region's visits are kept, in ratios.

Owns no table; asks orders and visits through a function that gives counts and no person, and `institutions` for the
smallest count that may be told.
"""
