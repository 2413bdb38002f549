"""Every way the room of home beds says no."""

from service.core.problems import Refusal


class BedAlreadyOpen(Refusal):
    """The person has a home bed in that period already, here or at another institution."""

    zh = "该居民在这段时间已有一张家庭病床（可能在其他机构），须先撤床才能再建床。"
    en = "The person has a home bed in that period already, perhaps elsewhere; it must be closed first."


class BedNumberTaken(Refusal):
    """Two beds asked for the same number."""

    zh = "床号刚被占用，请重新提交。"
    en = "The bed number was just taken; submit again."


class BedInTheFuture(Refusal):
    """A bed is opened or closed when it happens, not before."""

    zh = "建床、撤床日期不能晚于今天（{today}）。"
    en = "A bed cannot be opened or closed after today ({today})."


class HomeBedNotRegistered(Refusal):
    """The institution has no registered home-bed mode on the opening day (服务方式未登记)."""

    zh = "本机构在 {opened_on} 没有登记“家庭病床”服务方式，不能建床。"
    en = "The institution has no registered home-bed mode on {opened_on}."


class DoctorNotQualified(Refusal):
    """The responsible doctor is not a licensed doctor of the institution on the opening day."""

    zh = "责任医生须是本机构在 {opened_on} 执业资质有效的医生，请另选医生。"
    en = "The responsible doctor must be a doctor of the institution, licensed on {opened_on}."


class BedClosed(Refusal):
    """The bed is closed already."""

    zh = "这张家庭病床已于 {closed_on} 撤床。"
    en = "This bed was closed on {closed_on}."


class ClosesBeforeItOpens(Refusal):
    """A bed is closed on a later day than it was opened (the closing day is not a bed day)."""

    zh = "撤床日期必须晚于建床日期（{opened_on}）。"
    en = "The closing day must lie after the opening day ({opened_on})."


class ClosingReasonWrong(Refusal):
    """The closing reason contradicts what is known of the person's life."""

    zh = "撤床原因与居民的在世状态不符：去世须先登记去世日期，已登记去世的只能选“死亡”。"
    en = "The reason contradicts the record: register the death first; after a death no other reason fits."


class BedHasOpenOrders(Refusal):
    """Rounds of this bed are still booked on or after the closing day."""

    zh = "撤床日（{closed_on}）及以后还有未完成的查床订单，请先取消或改约。"
    en = "Rounds are still booked on or after {closed_on}; cancel them first."


class InstitutionNotLicensed(Refusal):
    """The institution has no licence in force on the opening day."""

    zh = "本机构在 {opened_on} 没有有效的执业许可，不能收住。"
    en = "The institution has no licence in force on {opened_on}."


class AgreementMissing(Refusal):
    """There is no per-diem agreement for this kind of stay on the opening day (按床日付费协议)."""

    zh = "本机构在 {opened_on} 没有这类床位的按床日付费协议，请先由统筹区登记协议，或按项目付费。"
    en = "The institution has no per-diem agreement for this kind of stay on {opened_on}; have one entered first."


class ExclusionsNotAgreed(Refusal):
    """Only what the agreement excludes may be charged beside the day rate."""

    zh = "除外项目 {codes} 不在按床日付费协议之内，请删去，或先修改协议。"
    en = "The agreement does not exclude {codes}; leave them out or have the agreement changed first."


class PauseOutsideStay(Refusal):
    """A pause lies within the stay."""

    zh = "暂停须在住床期间之内（{opened_on} 起，{closed_on} 止），请修改日期。"
    en = "A pause lies within the stay (from {opened_on} until {closed_on}); change its days."


class PausesOverlap(Refusal):
    """The bed is paused on some of these days already."""

    zh = "这张床在这些日期中已有暂停，请先恢复或调整日期。"
    en = "The bed is paused on some of these days already; resume it first or choose other days."


class RoundsBookedInPause(Refusal):
    """Rounds of this bed are still booked on days on which it would be paused."""

    zh = "{first} 起的暂停期间还有未完成的查床订单，请先取消或改约。"
    en = "Rounds are still booked on days of the pause from {first} on; cancel them first."


class BedNotPaused(Refusal):
    """The bed is not paused on that day."""

    zh = "这张床在 {on} 没有暂停，无需恢复。"
    en = "The bed is not paused on {on}."


class BedDaysBilled(Refusal):
    """Days that would no longer count are in a bill: it must be taken back first."""

    zh = "其中有床日已经结算，请先冲销这些床日，再修改。"
    en = "Some of these days are billed; take the bill back first."
