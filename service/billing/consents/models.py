"""The table of consents: added, never changed; the last one counts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from service.core.db import fences, rows


class VisitConsent(rows.InstitutionRow, table=True):
    """The amount up to which a family agrees to pay for a visit: by whom, when, and what shows it.

    `given_by` is the elder, a proxy, or the crew that recorded it with a file of the visit's evidence; `finance` where
    a bill was settled anew: then `agreed_by` says who of the family agreed. `shown_by`: what kind of evidence it is.
    """

    __tablename__ = "visit_consents"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        rows.refers("person_id", to="patients"),
        rows.refers("quote_id", to="quotes"),
        rows.refers("evidence_file_id", to="files"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("given_by in ('elder', 'proxy', 'crew', 'finance')", name="given_by"),
        CheckConstraint("given_by <> 'crew' or evidence_file_id is not null", name="crew_shows_it"),
        CheckConstraint(
            "given_by <> 'finance'"
            " or (evidence_file_id is not null and agreed_by is not null and shown_by is not null)",
            name="finance_shows_it",
        ),
        CheckConstraint("agreed_by in ('elder', 'proxy')", name="agreed_by"),
        CheckConstraint("shown_by in ('signature', 'paper_form', 'recording')", name="shown_by"),
        Index("ix_visit_consents_visit", "region_id", "visit_id"),  # what was agreed to of a visit
    )

    visit_id: UUID
    person_id: UUID
    amount_fen: int = rows.fen()
    quote_id: UUID | None = None
    given_by: str
    account_id: UUID
    evidence_file_id: UUID | None = None
    agreed_by: str | None = None
    shown_by: str | None = None
    given_at: datetime = rows.moment()


fences.fence(VisitConsent, fences.Fence.institution_or_person, verbs="select, insert")
