"""Every way a visit says no."""

from service.core.problems import Refusal


class NotYourVisit(Refusal):
    """You are not in the crew of the visit."""

    status = 404
    zh = "没有找到分派给您的这次上门，请在“我的一天”里核对。"
    en = "There is no such visit among yours."


class StepMissing(Refusal):
    """An earlier step was not reported."""

    zh = "请先完成上一步“{missing}”，再报“{asked}”。"
    en = "Report {missing} before {asked}."


class NotInParts(Refusal):
    """The visit has no such part to leave or to come back for."""

    zh = "这次上门共 {parts} 次，没有第 {part} 次可暂离或返回；不分次的上门做完请报“完成”。"
    en = "The visit is given in {parts} part(s): there is no part {part} to leave or to come back for."


class PartsNotDone(Refusal):
    """A visit in parts is completed in its last part."""

    zh = "分次服务共 {parts} 次，只做了 {done} 次，还不能完成；请按时返回做下一次。不能再来的，由调度核定。"
    en = "{done} of {parts} parts were begun: come back for the next one; a dispatcher decides where nobody can."


class BackTooSoon(Refusal):
    """The next part may not begin yet."""

    zh = "第 {part} 次须在上一次结束至少 {after_min_minutes} 分钟后开始，请在 {earliest} 之后再打卡。"
    en = (
        "Part {part} begins at least {after_min_minutes} minutes after the one before: report again from {earliest} on."
    )


class VisitOver(Refusal):
    """The visit is over and takes no more reports."""

    zh = "这次上门已结束（{state}），不能再记录。"
    en = "The visit is over ({state}) and takes no more reports."


class ClockAhead(Refusal):
    """The phone's clock is ahead of ours, or the report is not of the visit's day."""

    status = 422
    zh = "手机时间与服务日期或系统时间不符，请校准手机时间后再报。"
    en = "The reported moment is in the future, before the step before it, or not on the service date."


class CrewNotThere(Refusal):
    """Not everyone of the crew has arrived."""

    zh = "两人上门须都到场才能开始，还有同事未到；如对方不来，请联系调度。"
    en = "The service starts when the whole crew has arrived."


class CrewTooSoon(Refusal):
    """The next of a crew that comes one after the other may not begin yet."""

    zh = "该服务由几人先后上门，须在前一人开始后至少 {crew_lag_min_minutes} 分钟再开始，请 {earliest} 以后开始。"
    en = "The next one begins at least {crew_lag_min_minutes} minutes after the one before: from {earliest} on."


class NothingPerformed(Refusal):
    """No service was recorded."""

    zh = "还没有记录任何服务项目，不能完成。老人不在家请报“未遇”。"
    en = "No service is recorded yet; report a no-show if nobody was at home."


class ItemNotOrdered(Refusal):
    """The service was not ordered; an addition needs a new quote and consent."""

    zh = "“{code}”不在预约项目内，不能直接记录；如需增加请注明是上门增加（added），并取得老人或家属对新报价的同意。"
    en = "{code} was not ordered; record it as added, and ask for a consent to the new quote."


class ItemNotAddable(Refusal):
    """The service cannot be added at the door."""

    zh = "“{item_code}”不能在上门时增加：{reason}。"
    en = "{item_code} cannot be added at the door: {reason}"


class LotMissing(Refusal):
    """A drug or a consumable is recorded with its lot."""

    zh = "“{name}”是药品或耗材，请填写批号（lot_no）。"
    en = "{name} is a drug or a consumable; say its lot number."


class LotOutOfPlace(Refusal):
    """A service that uses no drug or consumable has no lot."""

    zh = "“{name}”不是药品或耗材，不用填批号，请去掉 lot_no。"
    en = "{name} is no drug or consumable; leave the lot number out."


class ItemRecorded(Refusal):
    """The service is recorded already."""

    zh = "该项目已经记录过。"
    en = "The service is recorded already."


class ExceptionDecided(Refusal):
    """The exception was decided for good."""

    zh = "这条异常已经处理过，不能更改。"
    en = "The exception was decided for good."


class ReasonContradicts(Refusal):
    """The reason says the opposite of the decision."""

    status = 422
    zh = "“不可信”只能用于驳回；批准请选择实际原因。"
    en = "The reason not_credible can only refuse; approve with the real reason."


class EndNeeded(Refusal):
    """Approving a missing end needs the time at which the service ended."""

    status = 422
    zh = "批准“缺完成打卡”或“没有做完”时请填写结束时间，且不早于开始时间、不晚于现在。"
    en = "Approving a missing end needs ended_at, not before the start and not in the future."


class NotAtTheDoor(Refusal):
    """A no-show is reported from the door, before the service begins."""

    zh = "请到达打卡后再报“未遇”；服务开始后不能报“未遇”。"
    en = "Report a no-show after arriving and before starting."


class FileDoesNotFit(Refusal):
    """The file cannot show this kind of evidence."""

    zh = "这份文件是 {file_kind}，不能作为“{kind}”；请上传合适的照片、PDF 或录音。"
    en = "A {file_kind} file cannot be evidence of the kind {kind}."


class CrewElsewhere(Refusal):
    """The crew has just been recorded at another place."""

    zh = "同一组人员刚在另一处打卡，请稍候重试。"
    en = "The crew has just been recorded elsewhere; retry."
