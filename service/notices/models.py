"""Tables of notices. What is said and to which number rests sealed; each cause is told once to each recipient."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.core.audit import statements
from service.core.db import fences, rows
from service.notices import rules


def _one_of(column: str, words: type[StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(str(each)) for each in words)})"


class NoticeTemplate(rows.RegionRow, table=True):
    """The text of a kind, dated: the provider's template, and its words with `${places}` as it was approved."""

    __tablename__ = "notice_templates"
    __table_args__ = (
        CheckConstraint(_one_of("kind", rules.NoticeKind), name="kind"),
        CheckConstraint("valid_to >= valid_from", name="period"),
        rows.one_at_a_time("notice_templates_one_text", "region_id", "kind", period=rows.DATED),
    )

    kind: str
    provider_code: str
    text: str
    valid_from: date
    valid_to: date | None = None


class NoticeContact(SQLModel, table=True):
    """The phone at which an account wants to be told about those it acts for; its own to set and to take away."""

    __tablename__ = "notice_contacts"
    __table_args__ = (rows.refers("account_id", to="accounts"),)

    region_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    phone_sealed: bytes
    set_at: datetime = rows.moment()


class Notice(rows.InstitutionRow, table=True):
    """One thing told to one recipient: the person himself, or the account of a proxy.

    `due_at` and `expires_at` are moments of the world served, `sending_since` one of real time.
    """

    __tablename__ = "notices"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("person_id", to="patients"),
        rows.refers("template_id", to="notice_templates"),
        # a job that runs again says nothing twice
        UniqueConstraint("region_id", "cause", "kind", "recipient_id", name="notices_once"),
        CheckConstraint(_one_of("kind", rules.NoticeKind), name="kind"),
        CheckConstraint(_one_of("channel", rules.Channel), name="channel"),
        CheckConstraint(_one_of("state", rules.NoticeState), name="state"),
        CheckConstraint(_one_of("suppressed", rules.Suppressed), name="suppressed"),
        CheckConstraint("(state = 'suppressed') = (suppressed is not null)", name="suppressed_because"),
        CheckConstraint("state <> 'sending' or sending_since is not null", name="sending_since"),
        CheckConstraint(
            "state in ('suppressed') or (phone_sealed is not null and template_id is not null)", name="sendable"
        ),
        # what the sweep looks for
        Index(
            "ix_notices_open",
            "region_id",
            "institution_id",
            "due_at",
            postgresql_where=text("state in ('queued', 'sending')"),
        ),
        Index("ix_notices_subject", "region_id", "subject_id", "kind"),  # last_said
    )

    person_id: UUID
    account_id: UUID | None = None
    recipient_id: UUID
    kind: str
    channel: str = rules.Channel.sms
    cause: str
    subject_id: UUID
    template_id: UUID | None = None
    parameters_sealed: bytes
    said: bytes
    phone_sealed: bytes | None = None
    state: str
    suppressed: str | None = None
    created_at: datetime = rows.moment()
    due_at: datetime = rows.moment()
    expires_at: datetime = rows.moment()
    attempts: int = 0
    sending_since: datetime | None = rows.moment(nullable=True, default=None)
    sent_at: datetime | None = rows.moment(nullable=True, default=None)
    reported_at: datetime | None = rows.moment(nullable=True, default=None)
    provider_id: str | None = None
    provider_code: str | None = None


statements.about_people(NoticeContact)  # the phone of whoever acts for an elder
fences.fence(NoticeTemplate, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
_OWN = f"{fences.Fence.region} and account_id = (select app_account())"
fences.fence(NoticeContact, _OWN, verbs="select, insert, update, delete")
fences.fence(Notice, fences.Fence.institution)
# what is told to whom never changes, only how far it has come
fences.statement(Notice, f"revoke update on notices from {fences.APP_ROLE}")
fences.statement(
    Notice,
    "grant update (state, suppressed, due_at, attempts, sending_since, sent_at, reported_at, provider_id,"
    f" provider_code) on notices to {fences.APP_ROLE}",
)

# Whom, besides himself, shall we tell about this person? Sealed numbers, to those who may see him.
fences.definer(
    Notice,
    "notices_contacts(asked_person uuid)",
    "table (account_id uuid, is_self boolean, rights text[], phone_sealed bytea)",
    """
select r.account_id, r.kind = 'self', r.rights, c.phone_sealed from care_relations r
join notice_contacts c on c.region_id = r.region_id and c.account_id = r.account_id
join accounts a on a.region_id = r.region_id and a.id = r.account_id and a.status = 'active'
where r.region_id = app_region() and r.person_id = asked_person and r.kind in ('self', 'proxy')
  and r.during @> app_now() and app_sees_person(r.region_id, r.person_id)
order by r.account_id
""",
)
# A report of the provider: nobody is logged in. It can only end what waits for one, and only under the provider's name.
fences.definer(
    Notice,
    "notices_report(asked_region uuid, asked_notice uuid, asked_provider text, asked_success boolean, asked_code text)",
    "boolean",
    """
with reported as (
    update notices n set state = case when asked_success then 'delivered' else 'failed' end,
        provider_id = asked_provider, provider_code = asked_code, reported_at = app_now(),
        sent_at = coalesce(n.sent_at, app_now())
    where n.region_id = asked_region and n.id = asked_notice and n.channel = 'sms' and n.state in ('sending', 'sent')
      and coalesce(n.provider_id, asked_provider) = asked_provider
    returning 1
)
select exists (select 1 from reported)
""",
    volatile=True,
)
