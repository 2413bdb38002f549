"""The columns of the kernel's tables; every table is a two-dimensional array of whole numbers, a row per thing."""

from typing import Final

BROKEN: Final = -1
"""A time that a hard rule forbids."""

NOBODY: Final = -1
"""The staff of a service that is left out."""

NEVER: Final = 1 << 60
"""A time that no day reaches, and a price that nothing has."""

MUST: Final = 10**13
"""The price of leaving out a job that must be done, as in `tables`."""

# services: one row per service of every job, then one per lunch
S_ITEM: Final = 0
S_POINT: Final = 1
S_TIME: Final = 2
S_JOB: Final = 3
S_PART: Final = 4
S_LOAD: Final = 5
SERVICE_COLUMNS: Final = 6

# items: what has one place in the global order; services FIRST … FIRST + COUNT - 1 are given at that place. The job
# that an item belongs to has services JOB_FIRST … JOB_FIRST + JOB_COUNT - 1, each by somebody else.
I_FIRST: Final = 0
I_COUNT: Final = 1
I_KIND: Final = 2
I_LOW: Final = 3
I_HIGH: Final = 4
I_WINDOW: Final = 5
I_WINDOWS: Final = 6
I_JOB_FIRST: Final = 7
I_JOB_COUNT: Final = 8
I_DROP: Final = 9
I_JOB: Final = 10
ITEM_COLUMNS: Final = 11

ALONE: Final = 0
TOGETHER: Final = 1
LAGGED: Final = 2
MEAL: Final = 3

# people
P_START: Final = 0
P_END: Final = 1
P_EARLIEST: Final = 2
P_LATEST: Final = 3
P_SHIFT_START: Final = 4
P_SHIFT_END: Final = 5
P_LEAVES: Final = 6
P_MEAL_OPEN: Final = 7
P_MEAL_LAST: Final = 8
P_MEAL_TIME: Final = 9
P_MATRIX: Final = 10
P_MEAL: Final = 11
P_CAPACITY: Final = 12
PERSON_COLUMNS: Final = 13

# the state of a person's day after a stop
FREE: Final = 0
PLACE: Final = 1
VISITS: Final = 2
TRAVEL: Final = 3
SERVICE: Final = 4
GAP: Final = 5
SLACK: Final = 6
BENT: Final = 7
LATE: Final = 8
EATS: Final = 9
CARRIED: Final = 10
STATE_COLUMNS: Final = 11

NOT_YET: Final = 0
PENDING: Final = 1
EATEN: Final = 2

# what a person's whole day comes to
D_COST: Final = 0
D_LATE: Final = 1
D_IDLE: Final = 2
D_LOAD: Final = 3
DAY_COLUMNS: Final = 4

# prices of the rules
R_TRAVEL: Final = 0
R_WAITING: Final = 1
R_IDLE: Final = 2
R_TARDY: Final = 3
R_MAX_TARDY: Final = 4
R_OVERTIME: Final = 5
R_BALANCE: Final = 6
R_STRICT: Final = 7
R_AT_END: Final = 8
R_MUST_EAT: Final = 9
RULE_COLUMNS: Final = 10
