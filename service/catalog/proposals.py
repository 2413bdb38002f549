"""When a change of the visit fee may begin, and where a proposal stands: 相对稳定 in days (R049, R051)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.catalog import errors

APPROVALS_NEEDED: Final = 2
"""People who approve a change, neither of them the one who proposed it."""


class ProposalState(StrEnum):
    """Where a proposal stands on a day."""

    on_notice = "on_notice"
    awaiting_approval = "awaiting_approval"
    approved = "approved"
    lapsed = "lapsed"
    withdrawn = "withdrawn"


STATE_TEXTS: Final = {
    ProposalState.on_notice: "公示中",
    ProposalState.awaiting_approval: "待批准",
    ProposalState.approved: "已批准",
    ProposalState.lapsed: "逾期未批准",
    ProposalState.withdrawn: "已撤回",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A published proposal: from `published_on` for `notice_days` days, to begin on `valid_from`."""

    published_on: date
    notice_days: int
    valid_from: date
    withdrawn: bool
    carried_out: bool

    @property
    def ends_on(self) -> date:
        """The last day of the notice; the day before it began when there are none."""
        return self.published_on + timedelta(days=self.notice_days - 1)

    def state_on(self, today: date) -> ProposalState:
        """Return where it stands on a day."""
        if self.withdrawn:
            return ProposalState.withdrawn
        if self.carried_out:
            return ProposalState.approved
        if today >= self.valid_from:
            return ProposalState.lapsed
        return ProposalState.on_notice if today <= self.ends_on else ProposalState.awaiting_approval


def refuse_hasty(valid_from: date, *, published_on: date, notice_days: int) -> None:
    """Refuse a first day that leaves no day for the approval after the notice.

    Raises:
        errors.TariffNoticeTooShort: names the earliest first day.
    """
    earliest = published_on + timedelta(days=notice_days + 1)
    if valid_from < earliest:
        raise errors.TariffNoticeTooShort(notice_days=notice_days, earliest=earliest)


def refuse_unsteady(valid_from: date, *, latest: date | None, interval_days: int) -> None:
    """Refuse a first day too soon after that of the tariff before it (`latest`, None when there is none).

    Raises:
        errors.TariffTooSoon: names the earliest first day.
    """
    if latest is None:
        return
    earliest = latest + timedelta(days=max(interval_days, 1))  # a tariff that is changed has held for a day
    if valid_from < earliest:
        raise errors.TariffTooSoon(interval_days=interval_days, earliest=earliest)


def refuse_closed(notice: Notice, today: date, open_in: Collection[ProposalState]) -> None:
    """Refuse what is only done to a proposal in some of its states.

    Raises:
        errors.TariffNotOpen: names the state and the days.
    """
    state = notice.state_on(today)
    if state not in open_in:
        raise errors.TariffNotOpen(
            state=state, state_text=STATE_TEXTS[state], notice_ends_on=notice.ends_on, valid_from=notice.valid_from
        )


def refuse_own(proposed_by: UUID, approves: UUID) -> None:
    """Refuse an approval by the one who proposed.

    Raises:
        errors.TariffOwnProposal: he did.
    """
    if proposed_by == approves:
        raise errors.TariffOwnProposal
