"""Every way settling anew says no."""

from service.core.problems import Refusal


class ResettlementNeedsRelease(Refusal):
    """Settled anew, the bill would meet a safety bound; a human must answer for it."""

    zh = (
        "重新结算后的账单触及安全界限：{reasons}。原账单没有变动，也没有转人工。"
        "请核对；无误的，在 release 中写明放行理由后再次提交。"
    )
    en = (
        "Settled anew the bill would meet a safety bound: {reasons}. The bill stands as it was and nothing was parked;"
        " look at it, and if it is right send the request again with the reason in `release`."
    )
