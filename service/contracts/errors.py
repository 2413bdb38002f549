"""Every way contracts and their ledger say no."""

from service.core.problems import Refusal


class PackagesOverlap(Refusal):
    """Another version of this package is offered on some of these days."""

    status = 409
    zh = "同一服务包在这些日期已有版本，请先结束原版本或调整起止日期。"
    en = "A version of this package is offered on some of these days; end it first or choose other days."


class PackageNotOffered(Refusal):
    """The package was not offered on the day of signing."""

    status = 409
    zh = "服务包“{name}”在签约当天（{signed_on}）未开放签约，请选择当天有效的版本。"
    en = "The package {name} was not offered on {signed_on}; choose a version that was."


class DoctorNotQualified(Refusal):
    """The family doctor must be a licensed doctor of the institution."""

    status = 409
    zh = "{name}在签约当天不是本机构持有效执业证书的医生，请选择其他签约医生。"
    en = "{name} was not a licensed doctor of this institution on the day of signing; choose another."


class SigningDayInvalid(Refusal):
    """A contract is signed today or earlier, and covers no day before it was signed."""

    status = 409
    zh = "签约日期（{signed_on}）不能晚于今天，生效日期（{valid_from}）不能早于签约日期。"
    en = "Signed on {signed_on}, valid from {valid_from}: it cannot be signed in the future, nor cover earlier days."


class TermTooShort(Refusal):
    """A contract lasts at least the region's minimum term."""

    status = 409
    zh = "签约期限不得少于 {months} 个月，最早到 {earliest} 为止。"
    en = "A contract lasts at least {months} months: until {earliest} or later."


class FamilyDoctorTaken(Refusal):
    """The person has a family doctor already; one at a time, whatever the institution."""

    status = 409
    zh = "该居民在这段时间已有家庭医生签约，须先解约或等其到期后再签。"
    en = "The person has a family doctor in this period; that contract must end first."


class ContractTerminated(Refusal):
    """The contract was ended before, on another day or for another reason."""

    status = 409
    zh = "该签约已于 {terminated_on} 解约，不能再次解约。"
    en = "The contract was ended on {terminated_on} already."


class TerminationDayInvalid(Refusal):
    """A contract ends between its first and its last day."""

    status = 409
    zh = "解约日期须在生效日（{earliest}）至到期日（{latest}）之间。"
    en = "It can end between its first day ({earliest}) and its last ({latest})."


class TerminationReasonWrong(Refusal):
    """A contract ends by death when a death is on record, and only then."""

    status = 409
    zh = "解约原因与居民的去世登记不一致：已登记去世的须选“死亡”（died），未登记去世的请先登记或选其他原因。"
    en = "The reason and the record of death disagree; register the death first, or choose the reason that fits."


class EnrolmentOutsideProgramme(Refusal):
    """The programme is not in force on the first day of the enrolment."""

    status = 409
    zh = "“{name}”的有效期为 {valid_from} 至 {valid_to}，请在此期间内登记。"
    en = "{name} runs from {valid_from} to {valid_to}; enrol from a day within."


class AlreadyEnrolled(Refusal):
    """The person is enrolled in this programme on some of these days."""

    status = 409
    zh = "该居民在这段时间已登记此公共项目，无需重复登记。"
    en = "The person is enrolled in this programme on some of these days already."


class EntitlementExhausted(Refusal):
    """Not enough units are left of what is to pay for it."""

    status = 409
    zh = "签约或公共项目的剩余次数不足，可能刚被其他预约占用，请重新询价后再提交。"
    en = "Too few units are left, perhaps another booking took them just now; ask for a new quote."


class EntitlementExpired(Refusal):
    """It has ended before the day of the service."""

    status = 409
    zh = "这份签约或额度在服务当日已经结束，请重新询价后再提交。"
    en = "The contract or entitlement had ended by the day of the service; ask for a new quote."


class EntitlementUnknown(Refusal):
    """The person has no such entitlement."""

    status = 409
    zh = "该居民没有 {source} 的“{item}”（{period}）额度，请重新询价。"
    en = "The person has no entitlement of {source} to {item} ({period}); ask for a new quote."


class OpenedAlready(Refusal):
    """What was used before the go-live is on record already, and says something else."""

    status = 409
    zh = "该额度的期初已用数已经登记，内容不同的不能再次登记，请核对原记录。"
    en = "What was used of it before the go-live is on record already and differs; check that record."


class NotValidHere(Refusal):
    """The contract, or the insurance, does not pay at this institution on that day."""

    status = 409
    zh = "该签约或保险在 {on} 不能在本机构使用（未生效、已结束、服务包未含本机构，或本机构不是定点机构）。"
    en = "The contract or insurance does not pay at this institution on {on}."


class UseInTheFuture(Refusal):
    """What has not been given yet cannot have been used."""

    status = 409
    zh = "服务日期 {service_on} 晚于今天，请核对日期。"
    en = "{service_on} is still to come; check the day."


class UseDiffers(Refusal):
    """The institution's number stands for another use."""

    status = 409
    zh = "这个编号已记过另一次使用，请核对编号，或换一个编号。"
    en = "This number stands for another use already; check it, or send another."


class UseReversed(Refusal):
    """The use was taken back before."""

    status = 409
    zh = "这次使用已经冲销过，不能再次冲销。"
    en = "The use was taken back before."


class ConsumedAlready(Refusal):
    """The settlement has used, or returned, this entitlement before."""

    status = 409
    zh = "这次结算已记过账，不会重复扣减。"
    en = "This settlement has been posted before; nothing is used twice."
