"""Every way the room of billing says no."""

from service.core.problems import Refusal


class VisitNotVerified(Refusal):
    """The visit is not proven, so it cannot be settled."""

    zh = "这次上门还没有核实（六要素不全，或异常尚未批准），请先完成上门记录或处理异常，再结算。"
    en = "The visit is not verified: complete its record or decide its exceptions, then settle."


class AwaitingTrip(Refusal):
    """Other visits of the trip are not final yet, and they share its fee."""

    zh = "同一次上门还有 {open_visits} 个未结束的记录，上门服务费要一起分摊；它们结束后会自动结算。"
    en = "{open_visits} visits of the same trip are not final yet; the trip is settled when they are."


class TripSettled(Refusal):
    """Another visit of the trip is settled: a trip's bills are corrected together."""

    zh = "同一次上门的其他账单还没有冲销。请先全部冲销，再重新结算。"
    en = "Another bill of the same trip stands; reverse all of them first, then settle again."


class TripFeeFixed(Refusal):
    """The fee of the trip was split among other visits than are here now."""

    zh = "同一次上门的上门服务费已按原来的人数分摊。请先冲销该次上门的全部账单，再一起结算。"
    en = "The trip's fee was split among other visits; reverse all of its bills first, then settle again."


class SettledAlready(Refusal):
    """The visit has a live settlement: a visit is charged once (不得重复收费)."""

    zh = "这次上门已经结算，不能重复收费；如需更正，请先冲销。"
    en = "The visit is settled already; reverse the bill first to correct it."


class CancellationCharged(Refusal):
    """The cancelled visit was charged before, even if that bill was taken back."""

    zh = "这次上门已收过取消费，不再收取。"
    en = "The cancelled visit was charged before."


class NoCase(Refusal):
    """The charge for a cancelled visit is no billing case."""

    zh = "取消费不是按项目核算的账单，没有收费案例；依据见账单的说明。"
    en = "The charge for a cancelled visit was not made by the billing rules; its line says what it stands on."


class ReversedAlready(Refusal):
    """The settlement was reversed before."""

    zh = "这笔账已经冲销过，不能再次冲销。"
    en = "The settlement was reversed before."


class BillUnchanged(Refusal):
    """Settled again, the bill would be the same."""

    zh = "按现在的签约、项目和价格重新计算，账单没有变化，没有冲销。"
    en = "Settled again the bill would be the same; nothing was taken back."


class HomeUnknown(Refusal):
    """No address is known of the person, so there is no distance and no fee."""

    zh = "该居民还没有登记住址，请先登记住址，再询价。"
    en = "No address is known of the person; enter one first."


class QuoteTaken(Refusal):
    """The quote belongs to another order."""

    zh = "这份报价已用于另一个订单，请重新报价。"
    en = "The quote belongs to another order; ask for a new one."


class QuoteExpired(Refusal):
    """The quote is no longer valid."""

    zh = "这份报价已于 {valid_until} 失效，请重新询价。"
    en = "The quote was valid until {valid_until}; ask for a new one."


class QuoteNotSigned(Refusal):
    """The quote is not what this service signed, or was not made to be named in a booking."""

    zh = "这份报价没有有效的签名，不能用来预约，请重新询价。"
    en = "The quote bears no valid signature of this service; ask for a new one."


class ProviderNotQualified(Refusal):
    """The institution is not registered for the service mode that day, or its staff are not licensed."""

    zh = "{what}。请机构核对服务方式登记、执业许可和人员执业资格后再试。"
    en = "The institution is not registered or the staff are not licensed on that day; check both and try again."


class TooFewStaff(Refusal):
    """Fewer staff than the institution's minimum."""

    zh = "上门人员 {staff_count} 名，少于规定的 {min_staff} 名，请增加人员。"
    en = "{staff_count} staff are fewer than the minimum of {min_staff}; send more."


class PriceMissing(Refusal):
    """A service has no price on the service date."""

    zh = "项目 {item_code} 在服务当日没有价格，请机构先在价格目录中登记，再试。"
    en = "The service {item_code} has no price on the service date; the institution must enter one first."


class OutsideServiceArea(Refusal):
    """The home lies beyond the last distance tier of the visit fee."""

    zh = "住址超出该机构的上门服务范围，请改约更近的机构。"
    en = "The home lies outside the institution's service area; choose one that is nearer."


class PeriodTooLong(Refusal):
    """A report covers at most a year, and ends after it begins."""

    status = 422
    zh = "统计期间须在一年以内，且结束日期不早于开始日期，请修改日期。"
    en = "A report covers at most a year and ends after it begins; change the days."
