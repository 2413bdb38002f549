"""Every way the ledger says no."""

from service.core.problems import Refusal


class JournaledAlready(Refusal):
    """The bill is in the journal already: everything is booked once."""

    zh = "这笔账已经记入总账，不能重复记账。请刷新后查看。"
    en = "It is in the journal already; read it again."


class InvoiceTakenBack(Refusal):
    """More would be taken back than the invoice says, or there is no invoice to take back."""

    zh = "红字票据的金额超过原票据，或原票据不存在。请核对原票据后再冲销。"
    en = "More would be taken back than the original invoice says, or there is none; check it first."


class StatementPeriod(Refusal):
    """The period of a statement is too long, ends before it begins, or lies outside 2000–2099."""

    status = 422
    zh = "该报表的期间最长 {most_days} 天，须在 2000–2099 年内，且结束日期不早于开始日期，请修改日期。"
    en = "This statement covers at most {most_days} days within 2000–2099 and ends after it begins; change the days."


class StatementTooLarge(Refusal):
    """The statement has more rows than one answer holds."""

    status = 422
    zh = "该期间的明细超过 {most_rows} 行，请缩短期间后分次导出。"
    en = "The period has more than {most_rows} rows; ask for shorter periods."


class ClaimInconsistent(Refusal):
    """The fields of a claim do not add up, so the list is not given out."""

    zh = "结算 {setl_id} 的申报金额勾稽关系不成立，清单未生成。请联系管理员核对该笔结算。"
    en = "The amounts of settlement {setl_id} do not add up, so no list was made; have it checked."


class StatementFilter(Refusal):
    """Only the statements of contracts can be asked of one contract."""

    status = 422
    zh = "只有签约履约报表可以按签约查询，请去掉签约编号。"
    en = "Only the statements of contracts can be asked of one contract; leave it out."
