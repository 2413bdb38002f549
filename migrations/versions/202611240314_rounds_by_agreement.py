"""Rounds by agreement.

Revision: 202611240314, after 202611240243
"""

from migrations import sql

revision = "202611240314"
down_revision = "202611240243"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

-- nothing that was planned so far leans on a neighbour
alter table period_rounds add column overflow_agreement_ids uuid[] default '{}'::uuid[] not null;

"""

DOWN = r"""
set local check_function_bodies = off;

alter table period_rounds drop column overflow_agreement_ids;

"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
