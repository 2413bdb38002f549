"""The service's side: whether there is somebody to log in, whether jobs are carried out, whether it answers."""

from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.cli.doctoring.finding import Finding, broken, notice, sound
from service.core.settings import Settings

_QUEUE: Final = text(
    "select count(*) as waiting, coalesce(extract(epoch from now() - min(created)), 0)::int as oldest"
    " from pgqueuer where status = 'queued' and execute_after <= now()"
)
_PARKED: Final = text("select news, count(*) from job_attempts where parked group by news order by news")
_FOUNDED: Final = text("select code, name from regions order by code")
_PEOPLE: Final = text(
    """
select (select count(*) from accounts where role = 'region_admin' and status = 'active') as heads,
       (select count(*) from institutions where licence_to is null or licence_to >= current_date) as licensed,
       (select count(*) from institutions) as institutions
"""
)
_LATE_SECONDS: Final = 120


async def look(settings: Settings, app: AsyncConnection, owner: AsyncConnection | None) -> AsyncIterator[Finding]:
    """Yield what is found of the work itself."""
    regions = (await app.execute(_FOUNDED)).all()
    if not regions:
        yield broken("region", "还没有统筹区", "运行 xunzhen init")
    else:
        yield sound("region", "统筹区：" + "、".join(f"{code} {name}" for code, name in regions))
    if owner is not None and regions:
        for each in _people((await owner.execute(_PEOPLE)).mappings().one()):
            yield each
    async for each in _jobs(app):
        yield each
    yield await _answers(settings)
    if not settings.sms_access_key_id:
        yield notice("sms", "没有配置短信，通知不会发出", "设置 XUNZHEN_SMS_*（见 docs/operations.md）")


def _people(facts: Any) -> list[Finding]:
    found = []
    if not facts["heads"]:
        found.append(broken("admin", "没有可用的区域管理员账号", "从备份恢复，或由平台管理员新建"))
    if not facts["licensed"]:
        what = f"{facts['institutions']} 家机构都没有在有效期内的执业许可"
        found.append(notice("licence", what, "由区域管理员登记许可证号与有效期，否则不能接单"))
    return found


async def _jobs(app: AsyncConnection) -> AsyncIterator[Finding]:
    waiting, oldest = (await app.execute(_QUEUE)).one()
    if oldest > _LATE_SECONDS:
        what = f"有 {waiting} 个作业在等，最久的等了 {oldest} 秒"
        yield broken("worker", what, "xunzhen worker 没有运行：systemctl start xunzhen@worker，并看它的日志")
    else:
        yield sound("worker", f"{waiting} 个作业在等")
    for news, count in (await app.execute(_PARKED)).all():
        what = f"{count} 个 {news} 作业屡次失败，已搁置"
        yield broken("parked-jobs", what, "运行 xunzhen jobs list 看它们的错误，改正后运行 xunzhen jobs again")


async def _answers(settings: Settings) -> Finding:
    where = f"http://{settings.host}:{settings.port}/readyz"
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            status = (await client.get(where)).status_code
    except httpx.HTTPError:
        return notice("api", f"{where} 没有回应", "若服务应在这台机器上：systemctl start xunzhen@serve，并看它的日志")
    if status != 200:
        return broken("api", f"{where} 回答 {status}", "看 xunzhen serve 的日志；多半是数据库不可用")
    return sound("api", f"{where} 正常")
