"""The columns of the kernel's tables; every table is a two-dimensional array of whole numbers, a row per thing."""

from typing import Final

from service.routing.solver import mandatory

BROKEN: Final = -1
"""A time that a hard rule forbids."""

NOBODY: Final = -1
"""The staff of a service that is left out."""

NEVER: Final = 1 << 60
"""A time that no day reaches, and a price that nothing has."""

MUST: Final = mandatory.MUST
"""The price of leaving out a job that must be done."""

# services: one row per service of every job, then one per lunch
S_ITEM: Final = 0
S_POINT: Final = 1
S_JOB: Final = 2
S_PART: Final = 3
S_LOAD: Final = 4
S_RANK: Final = 5
S_PROMISE: Final = 6
SERVICE_COLUMNS: Final = 7

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
I_STRICT: Final = 11
I_TARDY: Final = 12
I_AT_END: Final = 13
I_FLOOR: Final = 14
I_FIXED: Final = 15
I_LINK: Final = 16
I_LINKS: Final = 17
I_BUNDLE: Final = 18
I_BUNDLED: Final = 19
ITEM_COLUMNS: Final = 20

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
P_HUMAN: Final = 13
P_WORK: Final = 14
P_BAND: Final = 15
P_BANDS: Final = 16
P_DINES: Final = 17
P_NEXT: Final = 18
PERSON_COLUMNS: Final = 19

# the table of what is rare holds, one below the other:
# links: a row per item and linked item; WAY is AFTER where the linked item comes after this one, BEFORE where it comes
# before, EITHER where the order is free; if this one came first and ended before FLOOR, the linked one could
# not follow soon enough
L_ITEM: Final = 0
L_WAY: Final = 1
L_LOW: Final = 2
L_HIGH: Final = 3
L_CARER: Final = 4
L_BOUND: Final = 5
L_FLOOR: Final = 6
RARE_COLUMNS: Final = 7

BEFORE: Final = -1
EITHER: Final = 0
AFTER: Final = 1

ANYBODY: Final = 0
SAME: Final = 1
OTHER: Final = 2

# wide links, of jobs of several items, which are looked at when all is settled
W_FIRST: Final = 0
W_SECOND: Final = 1
W_LOW: Final = 2
W_HIGH: Final = 3

# loose jobs, of several items, whose first start was promised
O_JOB: Final = 0
O_PROMISE: Final = 1

# bands of traffic
B_START: Final = 0
B_FACTOR: Final = 1

# bundles: the first item of each job
U_ITEM: Final = 0

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
RANK: Final = 11
DOOR: Final = 12
STATE_COLUMNS: Final = 13

NOT_YET: Final = 0
PENDING: Final = 1
EATEN: Final = 2

# what a person's whole day comes to
D_COST: Final = 0
D_LATE: Final = 1
D_IDLE: Final = 2
D_LOAD: Final = 3
D_TRAVEL: Final = 4
DAY_COLUMNS: Final = 5

# prices of the rules
R_TRAVEL: Final = 0
R_WAITING: Final = 1
R_IDLE: Final = 2
R_MAX_TARDY: Final = 3
R_OVERTIME: Final = 4
R_BALANCE: Final = 5
R_MUST_EAT: Final = 6
R_TRAVEL_BALANCE: Final = 7
R_ARRIVAL: Final = 8
R_MOVED: Final = 9
R_STEP: Final = 10

# what the day has of what most days have not
R_TRAFFIC: Final = 11
R_LINKED: Final = 12
R_LIMITED: Final = 13
R_SEEN: Final = 14
R_SPREAD: Final = 15
R_WIDE: Final = 16
R_WIDES: Final = 17
R_LOOSE: Final = 18
R_LOOSES: Final = 19
R_UNUSUAL: Final = 20
R_RANKED: Final = 21
RULE_COLUMNS: Final = 22
