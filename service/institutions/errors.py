"""Every way the room of institutions says no."""

from service.core.problems import Refusal


class RegionCodeTaken(Refusal):
    """There is a region with this code already."""

    zh = "统筹区代码已存在，请换一个代码。"
    en = "A region with this code exists; choose another code."


class DistrictCodeTaken(Refusal):
    """The region has a district with this code already."""

    zh = "本统筹区已有这个县区代码，请换一个代码，或修改已有的县区。"
    en = "The region has a district with this code; choose another code, or change the existing district."


class InstitutionCodeTaken(Refusal):
    """The region has an institution with this code already."""

    zh = "本统筹区已有这个机构代码，请换一个代码，或修改已有的机构。"
    en = "The region has an institution with this code; choose another code, or change the existing institution."


class LicenceTaken(Refusal):
    """The medical licence is another institution's."""

    zh = "该《医疗机构执业许可证》编号已登记在本统筹区另一机构名下，请核对编号。"
    en = "Another institution of the region has this licence number; check the number."


class StationCodeTaken(Refusal):
    """The institution has a station with this code already."""

    zh = "本机构已有这个站点代码，请换一个代码，或修改已有的站点。"
    en = "The institution has a station with this code; choose another code, or change the existing station."


class LicenceMissing(Refusal):
    """No medical licence is in force: a service mode cannot be registered."""

    zh = "机构在 {valid_from} 没有有效的《医疗机构执业许可证》，不能登记服务方式，请先补录许可证。"
    en = "No medical licence is in force on {valid_from}; record the licence before registering a service mode."


class CareInstitutionOnly(Refusal):
    """A plain care institution (养老机构) cannot register service modes."""

    zh = "养老机构不能登记家庭病床或巡诊服务方式，请由有执业许可证的医疗机构登记。"
    en = "A plain care institution cannot register service modes; a licensed medical institution must."


class ModeRegistered(Refusal):
    """The service mode is registered already for part of this period."""

    zh = "这段时间内已登记同一服务方式，请先为原登记填写截止日期，再登记变更。"
    en = "The mode is registered for part of this period; end the running registration first."


class RegistrationTaken(Refusal):
    """The registration number is another institution's at that time."""

    zh = "该登记编号在这段时间内已属另一机构，请核对编号，或先为原登记填写截止日期。"
    en = "The registration number is another institution's at that time; check it, or end that registration first."


class DesignatedAlready(Refusal):
    """The insurance pays at the institution for part of this period already."""

    zh = "该机构在这段时间内已是这一险种的定点机构，请先修改或结束原记录。"
    en = "The institution is designated for this insurance for part of the period; change or end that row first."


class LevelsOverlap(Refusal):
    """The institution has another level for part of this period."""

    zh = "该机构在这段时间内已有等级记录，请先填写原记录的截止日期，或调整起止日期。"
    en = "The institution has a level for part of this period; end that row first, or choose other days."


class SettingUnknown(Refusal):
    """There is no such setting."""

    status = 422
    zh = "没有名为 {key} 的设置，可用 GET /v1/settings 查看全部设置。"
    en = "No setting {key}; GET /v1/settings lists them all."


class SettingValueInvalid(Refusal):
    """The value does not fit the setting."""

    status = 422
    zh = "设置 {key} 的取值应为：{expected}。"
    en = "The value of {key} must be: {expected}."


class SettingOverlaps(Refusal):
    """Another value of this setting is in force for part of this period."""

    zh = "这段时间内该设置已有另一个值，请先修改或结束已有的那一条。"
    en = "Another value is in force for part of this period; change or end that row first."


class PeriodReversed(Refusal):
    """A period must not end before it starts."""

    status = 422
    zh = "截止日期 {valid_to} 早于起始日期 {valid_from}，请改正。"
    en = "The period ends on {valid_to}, before it starts on {valid_from}."


class PastFixed(Refusal):
    """What was in force in the past is not rewritten."""

    zh = "{valid_from} 起的这一条已经生效，不能改动已过去的日子；请从今天起另设新值。"
    en = "The row in force since {valid_from} cannot be rewritten for days gone by; set a new value from today."
