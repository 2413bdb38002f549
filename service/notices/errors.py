"""Every way notices say no."""

from service.core.problems import Refusal


class TemplateOverlaps(Refusal):
    """Another template of the kind is in force for part of that time."""

    zh = "这种通知在这段时间内已有生效的模板，请先终止原模板。"
    en = "A template of this kind is in force for part of that time; end it first."


class TemplateParameterUnknown(Refusal):
    """The text names a parameter that this kind of notice does not have."""

    status = 422
    zh = "模板中的变量 {unknown} 不可用；这种通知可用的变量有：{known}。"
    en = "The text names {unknown}; this kind has {known}."


class TemplateEndsEarly(Refusal):
    """The template would end before it begins, or before today."""

    status = 422
    zh = "模板的截止日期不能早于生效日期或今天。"
    en = "A template must not end before it begins or before today."
