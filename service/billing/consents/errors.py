"""Every way consents say no."""

from service.core.problems import Refusal


class EvidenceNeeded(Refusal):
    """A consent that staff record needs a file that shows it."""

    status = 422
    zh = "由工作人员登记的同意须附签名、纸质单或录音：请先由上门人员把文件作为这次上门的证据上传，再填写其编号。"
    en = "A consent recorded by staff needs a signature, paper form or recording among the visit's evidence."


class NobodyAgreed(Refusal):
    """The visit ended without a service, so there is nothing to agree to."""

    zh = "这次上门没有提供服务，不需要同意费用。"
    en = "The visit ended without a service; there is nothing to agree to."


class AskTheInstitution(Refusal):
    """Who helps a neighbour institution out knows neither its prices for the family nor who pays for it."""

    zh = "这次上门由您协助其他机构完成，增加项目的报价和同意请由该机构办理，或由本人、代办人用自己的账号同意。"
    en = "You help another institution out; it quotes what is added, and it or the family records the consent."


class ConsentAhead(Refusal):
    """A consent that was given already cannot lie ahead."""

    status = 422
    zh = "家属同意的时间 {given_at} 还没有到，请核对后重新填写。"
    en = "The family cannot have agreed at {given_at}, which lies ahead; correct the time."
