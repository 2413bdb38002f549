"""What is left of an entitlement, said to the person it is for."""

from service.contracts.rules.facts import Source, Standing
from service.core.money import format_yuan


def describe(standing: Standing, *, name: str, payer: str) -> str:
    """Return the sentence about a balance.

    `name` is the service's, or the insurance's; `payer` who pays for a programme.
    """
    grant = standing.grant
    if grant.source is Source.insurance_fund:
        return (
            f"{grant.period} 年{name}年度支付限额 {format_yuan(grant.cap)} 元，"
            f"已支付 {format_yuan(standing.used)} 元，还可支付 {format_yuan(standing.remaining)} 元。"
        )
    if grant.source is Source.insurance_deductible:
        return (
            f"{grant.period} 年{name}起付线 {format_yuan(grant.cap)} 元，"
            f"已累计 {format_yuan(standing.used)} 元，还差 {format_yuan(standing.remaining)} 元。"
        )
    if grant.source is Source.ltci:
        return (
            f"{grant.period} 月{name}限额 {format_yuan(grant.cap)} 元，"
            f"已支付 {format_yuan(standing.used)} 元，还可支付 {format_yuan(standing.remaining)} 元，不结转到下月。"
        )
    start = f"签约服务包“{name}”" if grant.source is Source.contract else f"{grant.period} 年由{payer}支付的“{name}”"
    booked = f"已预约 {standing.reserved} 次，" if standing.reserved else ""
    return f"{start}共 {grant.cap} 次，已用 {standing.used} 次，{booked}还可用 {standing.remaining} 次。"
