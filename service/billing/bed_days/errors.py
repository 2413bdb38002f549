"""Every way the settlement of bed days says no."""

from service.core.problems import Refusal


class BedNotPerDiem(Refusal):
    """The bed is not paid by the day, or no agreement says what a day costs."""

    zh = "这张床不按床日付费，或没有按床日付费协议，不能结算床日。"
    en = "The bed is not paid by the day, or no agreement says what a day costs."


class NothingToBill(Refusal):
    """None of these days is open, past and in no bill yet."""

    zh = "没有可计费的床日（未开床、已暂停、尚未过完，或已经计过，包括在其他机构计过）。请核对日期。"
    en = "None of these days is open, past and not billed yet (perhaps elsewhere); check the days."


class NotInThisBed(Refusal):
    """On each of these days the patient was in another hospital, or dead."""

    zh = "这段时间没有可计费的床日：{reason}。涉及的日期见 days；住院或去世登记有误的，请先更正再结算。"
    en = "On none of these days was the patient in this bed (hospital or death, see days); correct the record if wrong."


class NotSettled(Refusal):
    """There is no billed day to take back."""

    zh = "这段时间没有已结算的床日可以冲销。请核对日期。"
    en = "There is no billed day in this period to take back; check the days."


class InsuranceInterrupted(Refusal):
    """The insurance pays with an interruption in the period: each part has a bill of its own."""

    zh = "这段时间内参保或定点有中断，请先结算到 {until}（不含），再从 {until} 起结算。"
    en = "The insurance is interrupted in this period: bill until {until} (excluded) first, then from {until} on."


class BedDayBilled(Refusal):
    """A day was billed by somebody else at this moment."""

    zh = "其中有床日刚刚被结算（可能在其他机构），请重新结算。"
    en = "Some of these days were just billed, perhaps elsewhere; settle again."


class BedDayReversed(Refusal):
    """A day was taken back by somebody else at this moment."""

    zh = "其中有床日刚刚被冲销，请重新查询后再办理。"
    en = "Some of these days were just taken back; look again."


class BedDayOutsideStay(Refusal):
    """The stay was closed or paused at this moment."""

    zh = "这张床刚刚撤床或暂停，请重新结算。"
    en = "The bed was just closed or paused; settle again."


class BedPeriodTooLong(Refusal):
    """At most a year of bed days is billed or taken back at once."""

    status = 422
    zh = "一次最多办理 {most_days} 天的床日，请缩短期间。"
    en = "At most {most_days} days are billed or taken back at once; choose a shorter period."
