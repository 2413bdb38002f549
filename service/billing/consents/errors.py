"""Every way consents say no."""

from service.core.problems import Refusal


class EvidenceNeeded(Refusal):
    """A consent that the crew records needs a file that shows it."""

    status = 422
    zh = "由上门人员登记的同意须附签名、纸质单或录音：请先把文件作为这次上门的证据上传，再填写其编号。"
    en = "A consent recorded by the crew needs a signature, paper form or recording among the visit's evidence."


class NobodyAgreed(Refusal):
    """The visit ended without a service, so there is nothing to agree to."""

    zh = "这次上门没有提供服务，不需要同意费用。"
    en = "The visit ended without a service; there is nothing to agree to."
