"""Every way patients say no."""

from service.core import problems


class PersonAlreadyRegistered(problems.Refusal):
    """The identity number is registered in the region already."""

    zh = "该证件号码在本统筹区已有登记，请改用“接诊登记”（姓名与证件号码相符即可建立服务关系）。"
    en = "This identity number is registered already; admit the person by number and name instead."


class IdNumberInvalid(problems.Refusal):
    """The identity number cannot exist."""

    status = 422
    zh = "证件号码有误：{reason}，请核对证件后重新填写。"
    en = "The identity number cannot exist ({reason}); check the card."


class IdNumberDisagrees(problems.Refusal):
    """The identity number says something else than the form."""

    status = 422
    zh = "证件号码中的{field}与填写的不一致，请核对证件后重新填写。"
    en = "The identity number disagrees with the given {field}; check the card."


class PhoneInvalid(problems.Refusal):
    """The phone number cannot exist."""

    status = 422
    zh = "电话号码有误，请填写中国内地的手机号，或带区号的固定电话。"
    en = "The phone number is not a Chinese mobile or landline number."


class RightMissing(problems.Refusal):
    """You may not do this for this person."""

    status = 403
    zh = "您没有为这位居民办理此事的授权（{right}），请由本人或其机构授权后再试。"
    en = "You do not hold the right “{right}” for this person; the person or the institution can grant it."


class NotACareInstitution(problems.Refusal):
    """The institution is no care institution."""

    status = 422
    zh = "“{name}”不是养老机构，请选择老人所住的养老机构，或留空。"
    en = "“{name}” is no care institution; name the one the elder lives in, or none."


class HomeNoTaken(problems.Refusal):
    """The institution has another home under this number."""

    zh = "本机构已有这个住址编号，请换一个编号，或修改已有的住址。"
    en = "The institution has a home of this number; choose another, or change that home."


class HomeNotPlaced(problems.Refusal):
    """Nobody knows for sure where the home is."""

    zh = "该住址的位置尚未确认，不能预约上门；请先在地图上核对或重新选点。"
    en = "The home's position is not confirmed; check or set its pin on the map first."


class HomePlacedMeanwhile(problems.Refusal):
    """The home's position has changed since you looked."""

    zh = "该住址的位置刚被他人更新，请刷新后再核对。"
    en = "The home's position has changed meanwhile; look again."


class NothingToConfirm(problems.Refusal):
    """The home has no position that could be confirmed."""

    zh = "该住址还没有位置，无法确认；请在地图上选点。"
    en = "The home has no position to confirm; set a pin."


class EndsBeforeStart(problems.Refusal):
    """A period cannot end before it starts."""

    status = 422
    zh = "终止日期（{valid_to}）早于开始日期（{valid_from}），请改正。"
    en = "The period would end ({valid_to}) before it starts ({valid_from})."


class DeathImpossible(problems.Refusal):
    """The day of death lies before birth or in the future."""

    status = 422
    zh = "去世日期（{deceased_on}）早于出生日期或晚于今天，请改正。"
    en = "The day of death {deceased_on} lies before birth or in the future."


class PersonDeceased(problems.Refusal):
    """The person has died."""

    zh = "该居民已登记去世（{deceased_on}），不能再办理；如登记有误，请先更正去世日期。"
    en = "The person died on {deceased_on}; correct that day first if it is wrong."


class KeyGroupAlready(problems.Refusal):
    """The person is in this group already at that time."""

    zh = "该居民在这段时间内已登记为此类重点人群，请先终止原记录。"
    en = "The person is registered in this group for part of that time; end that row first."


class CoverageOverlaps(problems.Refusal):
    """The person has a medical insurance already at that time."""

    zh = "该居民在这段时间内已有参保记录，请先终止原记录。"
    en = "The person has a medical insurance for part of that time; end that row first."


class AssessmentsOverlap(problems.Refusal):
    """The person has a long-term care grade already at that time."""

    zh = "该居民在这段时间内已有长护险失能等级，全统筹区同一时间只有一个等级，请先填写原等级的截止日期。"
    en = "The person has a long-term care grade for part of that time; end that one first."


class HospitalStaysOverlap(problems.Refusal):
    """The person lies in a hospital already at that time."""

    zh = "该居民在这段时间内已有住院记录，请先填写那次住院的出院日，或核对日期。"
    en = "The person is in hospital for part of that time already; enter that discharge first, or check the days."


class DiagnosisAlready(problems.Refusal):
    """The diagnosis is recorded for part of that time already."""

    zh = "该居民在这段时间内已有同一诊断代码的记录，请先填写原记录的截止日期，或撤销登记错误的记录。"
    en = "This code is recorded for part of that time already; end that record first, or withdraw it."


class DiagnosisInFuture(problems.Refusal):
    """A diagnosis cannot begin after today."""

    status = 422
    zh = "确诊日期（{valid_from}）晚于今天，请改正。"
    en = "The diagnosis would begin on {valid_from}, after today."


class DiagnosisWithdrawn(problems.Refusal):
    """The diagnosis was withdrawn."""

    zh = "该诊断已因登记错误撤销，不能再改；如确有此诊断，请重新登记。"
    en = "The diagnosis was withdrawn; record it anew if the person has it."


class AlreadyActsForPerson(problems.Refusal):
    """The account may act for the person already."""

    zh = "该账号已可代这位居民办理；如需改变权限，请先撤销原授权。"
    en = "The account may act for the person already; revoke that first to change its rights."


class AlreadyBound(problems.Refusal):
    """The person, or the account, is bound already."""

    zh = "该居民或该账号已完成本人绑定，一人一号；如绑定有误，请联系机构处理。"
    en = "The person or the account is bound already; each person has one account."


class AdmissionInFlight(problems.Refusal):
    """Somebody is admitting the person at this moment."""

    zh = "有人正在为该居民办理接诊登记，请刷新后查看。"
    en = "The person is being admitted by somebody else at this moment; look again."


class TooManyProxies(problems.Refusal):
    """The person has as many proxies as allowed."""

    zh = "这位居民的代办人已达上限，请先撤销一位。"
    en = "The person has as many proxies as allowed; revoke one first."


class TooManyElders(problems.Refusal):
    """The account acts for as many elders as allowed."""

    zh = "该账号代办的居民已达上限，请先撤销一位。"
    en = "The account acts for as many elders as allowed; one has to be revoked first."


class PaperMissing(problems.Refusal):
    """Staff record a proxy only from a signed paper."""

    status = 422
    zh = "工作人员代为登记时须填写纸质授权书编号（paper_no）。"
    en = "Staff must give the number of the signed paper (paper_no)."


class ProxyEndsInThePast(problems.Refusal):
    """A proxy cannot end before it begins."""

    status = 422
    zh = "授权终止时间须晚于现在，请改正。"
    en = "The proxy would end before it begins; give a later moment."


class ProxyEnded(problems.Refusal):
    """The proxy is not in force any more."""

    zh = "该授权已失效，无需再撤销。"
    en = "The proxy is not in force any more; there is nothing to revoke."
