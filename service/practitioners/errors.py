"""Every way practitioners say no."""

from service.core import problems


class StaffNoTaken(problems.Refusal):
    """The staff number is another person's."""

    zh = "该工号已被本机构其他人员使用，请换一个。"
    en = "Another person of the institution has this staff number; choose another."


class AccountTaken(problems.Refusal):
    """The account belongs to another practitioner."""

    zh = "该账号已关联其他医护人员，请先解除原关联。"
    en = "The account is linked to another practitioner; unlink it there first."


class QualificationOverlaps(problems.Refusal):
    """The same licence or skill is registered for part of that time."""

    zh = "该人员在这段时间内已有相同的执业证或技能记录，请先终止原记录。"
    en = "The same licence or skill is registered for part of that time; end that row first."


class CertificateTaken(problems.Refusal):
    """The certificate is another person's at that time."""

    zh = "该证书编号在这段时间内已登记在另一名人员名下，请核对编号，或先终止原记录。"
    en = "The certificate is registered as another person's at that time; check its number, or end that row first."


class QualificationImpossible(problems.Refusal):
    """A qualification cannot end before it starts."""

    status = 422
    zh = "有效期截止（{valid_to}）早于起始（{valid_from}），请改正。"
    en = "The qualification would end ({valid_to}) before it starts ({valid_from})."


class ShiftOverlaps(problems.Refusal):
    """The person works at that time already."""

    zh = "该人员在这段时间内已有班次，请调整时间。"
    en = "The person has a shift at that time already; choose another time."


class ShiftImpossible(problems.Refusal):
    """A shift ends after it starts and is not too long."""

    status = 422
    zh = "班次结束须晚于开始，且不超过 {hours} 小时，请改正。"
    en = "A shift ends after it starts and lasts at most {hours} hours."


class LunchImpossible(problems.Refusal):
    """The lunch break does not fit."""

    status = 422
    zh = "午休须同时给出时段和分钟数，时段在班次之内且不短于午休，请改正。"
    en = "A lunch break needs a window within the shift that is at least as long as the break."


class ShiftBegun(problems.Refusal):
    """The shift has begun."""

    zh = "班次已经开始，不能再修改或删除。"
    en = "The shift has begun and cannot be changed or removed."


class AbsenceOverlaps(problems.Refusal):
    """The person is absent at that time already."""

    zh = "该人员在这段时间内已登记缺勤，请修改时间，或先结束原记录。"
    en = "The person is absent at that time already; choose another time, or end that absence first."


class AbsenceImpossible(problems.Refusal):
    """An absence ends after it starts and is not too long."""

    status = 422
    zh = "缺勤结束须晚于开始，且不超过 {days} 天，请改正。"
    en = "An absence ends after it starts and lasts at most {days} days."


class AbsenceBegun(problems.Refusal):
    """The absence has begun: it can be ended, not removed."""

    zh = "缺勤已经开始，不能删除；如已返岗，请提前结束。"
    en = "The absence has begun and cannot be removed; end it early instead."


class AbsenceOver(problems.Refusal):
    """The absence is over."""

    zh = "缺勤已经结束，不能再修改。"
    en = "The absence is over and cannot be changed."


class EndNotWithinAbsence(problems.Refusal):
    """An absence is ended early: at a moment within it that lies at most a day back."""

    status = 422
    zh = "提前结束的时刻须在 {first} 至 {last} 之间；要延长请另登记一段。"
    en = "An absence is ended early between {first} and {last}; to prolong it, enter another."


class PlateTaken(problems.Refusal):
    """Another vehicle of the institution has this plate."""

    zh = "本机构已登记该车牌号，请核对车牌号，或修改原车辆。"
    en = "The institution has a vehicle with this plate; check the plate, or change that vehicle."


class VehicleHoursImpossible(problems.Refusal):
    """A vehicle is away from its station from one time of a day until a later one."""

    status = 422
    zh = "可用结束时间须晚于开始时间，请修改。"
    en = "The vehicle must be back after it may leave; change one of the times."


class VehicleOutageImpossible(problems.Refusal):
    """A time out of service has a first day, and ends no earlier."""

    status = 422
    zh = "停用须有开始日期，结束日期不能早于开始日期，请修改。"
    en = "A time out of service needs a first day and ends no earlier; change the dates."
