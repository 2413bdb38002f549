"""A directory of lists for tests, and whoever loads it."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.models import Account
from service.accounts.rules import Role
from service.core.ids import new_id
from service.interop import importing
from service.interop.importing import Report, Wishes
from service.patients.numbers import check_digit
from tests.world import World

TABLES = (
    "districts", "institutions", "service_modes", "stations", "accounts", "practitioners", "qualifications", "homes",
    "patients", "care_relations", "key_group_rows", "coverages", "packages", "package_items", "contracts",
    "entitlements", "institution_designations", "price_rows",
)  # fmt: skip
Lists = dict[str, list[dict[str, str]]]


def id_number(born_on: date = date(1945, 5, 1), number: int = 1, *, female: bool = True) -> str:
    """Return an identity number of nobody's: people of a village are numbered from 1."""
    body = f"640202{born_on:%Y%m%d}{2 * number + (not female):03d}"
    return body + check_digit(body)


_SOUND = {
    "institutions": """
机构代码,机构名称,类别,县区代码,地址,经度,纬度,许可证号,许可证起,巡诊登记号,巡诊起,电话
RM02,人民路中心,社区卫生服务中心,640202,人民路1号,106.39,39.01,L-RM02,2024-01-01,R-RM02,2026-01-01,0952-2000002
""",
    "stations": """
机构代码,站点代码,站点名称,经度,纬度
RM02,S1,一站,106.39,39.01
""",
    "designations": """
机构代码,险种代码,起始日期,截止日期
RM02,resident,2026-01-01,2028-12-31
RM02,长护险,2026-01-01,
""",
    "prices": """
机构代码,项目代码,项目名称,类别,计价单位,价格（元）,支付分类,先行自付比例,起始日期
RM02,BP,血压测量,服务,次,5.00,甲,,2026-01-01
RM02,GLU,血糖试纸,耗材,条,3.5,乙,10%,2026-01-01
RM02,GLU,血糖试纸,耗材,条,3.2,乙,10%,2026-07-01
""",
    "staff": """
机构代码,工号,姓名,性别,岗位,职称,站点代码,交通方式,执业证号,执业证起,技能,账号名,家庭医生团队,负责网格,语言,服务用时百分比
RM02,D01,医护01,女,医生,中级,S1,汽车,C-D01,2020-01-01,wound_care:C-S1:2024-01-01:2029-12-31,rm.d01,T01,CY-03,hui；dong,120
RM02,A01,医护02,,调度员,,,,,,,rm.a01,,,,
""",
    "homes": """
机构代码,住址编号,地址,经度,纬度,坐标系,楼层,电梯,网格
RM02,H1,示例小区1号,106.40,39.02,gcj02,6,否,CY-03
RM02,H2,示例小区2号,,,,,,
""",
    "elders": f"""
机构代码,身份证号,姓名,性别,出生日期,电话,住址编号,重点人群,重点人群起,参保险种,参保起,语言,须会该语言,上门须注意
RM02,{id_number(number=1)},居民01,女,1945-05-01,13900001001,H1,失能；慢性病,2026-01-01,resident,2026-01-01,hui,是,免疫力低下
RM02,{id_number(number=2)},居民02,,,,H2,,,,,,,
""",
    "packages": """
机构代码,服务包代码,服务包名称,免上门服务费,计次项目,开放起
RM02,BASIC,基础包,是,BP*8；GLU*4*次,2026-01-01
""",
    "contracts": f"""
机构代码,身份证号,服务包代码,签约医生工号,签约日期,生效日期,到期日期
RM02,{id_number(number=1)},BASIC,D01,2026-03-01,2026-03-01,2027-02-28
""",
    "openings": f"""
机构代码,身份证号,类别,服务包代码,项目代码,已用,截至日期,数据来源,凭证号
RM02,{id_number(number=1)},签约,BASIC,GLU,1,2026-03-01,原 HIS 结转,QC-2
""",
}


def lists() -> Lists:
    """Return a small, sound load: everything refers to something."""
    return {name: list(csv.DictReader(io.StringIO(content.lstrip()))) for name, content in _SOUND.items()}


def as_csv(rows: Sequence[Mapping[str, str]], encoding: str = "utf-8") -> bytes:
    """Return rows as a CSV file, the first one's keys as its heading."""
    buffer = io.StringIO()
    heading = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(buffer, heading, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode(encoding)


def as_xlsx(rows: Iterable[Sequence[Any]], merge: Sequence[str] = (), hide: Sequence[int] = ()) -> bytes:
    """Return rows as the first sheet of a workbook."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    for area in merge:
        sheet.merge_cells(area)
    for number in hide:
        sheet.row_dimensions[number].hidden = True
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@dataclass
class Desk:
    """Whoever loads lists into a test's region: an administrator of the region at the server's console."""

    world: World
    directory: Path
    operator: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    async def open(self) -> None:
        """Appoint the administrator and list the services that the packages hold."""
        self.operator = f"admin-{new_id().hex[-8:]}"
        await self.world.add(
            Account(
                region_id=self.world.region_id,
                username=self.operator,
                role=Role.region_admin,
                display_name="管理员",
                created_at=self.world.clock.now(),
            )
        )
        await self.world.add_service_item("BP")
        await self.world.add_service_item("GLU")

    def put(self, given: Lists, encoding: str = "utf-8") -> None:
        """Write lists as CSV files, in place of what was there."""
        for name, rows in given.items():
            self.put_file(f"{name}.csv", as_csv(rows, encoding))

    def put_file(self, name: str, content: bytes) -> None:
        """Write one file."""
        (self.directory / name).write_bytes(content)

    async def load(self, *, update: bool = False, dry_run: bool = False, passwords: str = "new.csv") -> Report:
        """Load the directory."""
        wishes = Wishes(update=update, dry_run=dry_run, passwords=self.directory.parent / passwords)
        return await importing.load(
            self.world.house,
            region_id=self.world.region_id,
            operator=self.operator,
            given=importing.gather(self.directory),
            wishes=wishes,
        )

    async def counts(self) -> dict[str, int]:
        """Return how many rows of the region each table has."""
        async with AsyncSession(self.world.owner) as session:
            return {
                name: (
                    await session.execute(
                        text(f"select count(*) from {name} where region_id = :region"), {"region": self.world.region_id}
                    )
                ).scalar_one()
                for name in TABLES
            }

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return what the owner sees of the region."""
        async with AsyncSession(self.world.owner) as session:
            found = await session.execute(text(sql), {"region": self.world.region_id} | values)
            return [tuple(row) for row in found]


def stopping(report: Report) -> list[tuple[str, int, str, str]]:
    """Return what stands in the way: file, line, column, sentence."""
    return [(each.file, each.line, each.column, each.sentence) for each in report.stopping()]


def outcomes(report: Report) -> dict[str, dict[str, int]]:
    """Return how many lines of each list became what."""
    return {str(kind): dict(counts) for kind, counts in report.counts.items()}
