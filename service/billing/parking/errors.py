"""Every way parked bills say no."""

from service.billing.parking.rules import Found
from service.core.problems import Refusal


class SettlementParked(Refusal):
    """The bill waits for a human to look at it."""

    zh = "这份账单已转人工核对：{reasons}。请财务人员核对后放行或驳回。"
    en = "The bill waits for a human: {reasons}"

    def __init__(self, found: Found | None = None) -> None:
        self.found = found
        super().__init__(reasons="；".join(each.sentence for each in found.reasons) if found else "等待财务人员核对")


class BillRejected(Refusal):
    """A human decided that the visit is not billed."""

    zh = "这次上门的账单已被人工驳回，不收费：{reason}"
    en = "A human decided that the visit is not billed: {reason}"


class ParkingDecided(Refusal):
    """The parked bill was released or rejected before."""

    zh = "这份账单已经处理过，不能更改。"
    en = "The parked bill was decided before."


class OwnVisit(Refusal):
    """Whoever was at the door does not decide about its bill."""

    zh = "您参加了这次上门，不能放行或驳回它的账单，请由其他财务人员处理。"
    en = "You took part in the visit; another member of staff must decide about its bill."
