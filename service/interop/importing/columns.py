"""The columns of each list, their headings, and the Chinese words of the closed sets. Documented in import-files.md."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from service.accounts.rules import WORKS_SOMEWHERE, Role
from service.catalog import price_files
from service.core.geo import Datum
from service.core.tabular.tables import Column
from service.institutions.rules import InstitutionKind
from service.interop.importing.files import Kind
from service.patients.rules import KeyGroup, Precaution, Sex
from service.practitioners.rules import PractitionerRole, Title, Travels

Word = TypeVar("Word", bound=StrEnum)

_INSTITUTION: Final = Column("institution", ("机构代码", "机构编码"), required=True)
_ID_NUMBER: Final = Column(
    "id_number", ("身份证号", "证件号码", "身份证号码", "公民身份号码"), required=True, secret=True
)
_PLACE: Final = (Column("lon", ("经度",)), Column("lat", ("纬度",)), Column("datum", ("坐标系",)))
_PLACE_REQUIRED: Final = (Column("lon", ("经度",), required=True), Column("lat", ("纬度",), required=True), _PLACE[2])

COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = {
    Kind.institutions: (
        Column("code", ("机构代码", "机构编码"), required=True),
        Column("name", ("机构名称", "名称"), required=True),
        Column("kind", ("类别", "机构类别"), required=True),
        Column("district", ("县区代码", "县区编码"), required=True),
        Column("district_name", ("县区名称", "县区")),
        Column("address", ("地址",), required=True),
        *_PLACE_REQUIRED,
        Column("licence_no", ("许可证号", "执业许可证号")),
        Column("licence_from", ("许可证起",)),
        Column("licence_to", ("许可证止",)),
        Column("round_no", ("巡诊登记号",)),
        Column("round_from", ("巡诊起",)),
        Column("round_to", ("巡诊止",)),
        Column("home_bed_no", ("家庭病床登记号",)),
        Column("home_bed_from", ("家庭病床起",)),
        Column("home_bed_to", ("家庭病床止",)),
        Column("phone", ("电话", "公布电话")),
    ),
    Kind.stations: (
        _INSTITUTION,
        Column("code", ("站点代码", "站点编码"), required=True),
        Column("name", ("站点名称", "名称"), required=True),
        *_PLACE_REQUIRED,
    ),
    Kind.designations: (
        _INSTITUTION,
        Column("plan", ("险种代码", "险种"), required=True),
        Column("valid_from", ("起始日期", "定点起"), required=True),
        Column("valid_to", ("截止日期", "定点止")),
    ),
    Kind.prices: (_INSTITUTION, *price_files.COLUMNS),
    Kind.staff: (
        _INSTITUTION,
        Column("staff_no", ("工号",), required=True),
        Column("name", ("姓名",), required=True),
        Column("sex", ("性别",)),
        Column("role", ("岗位",), required=True),
        Column("title", ("职称",)),
        Column("station", ("站点代码", "站点")),
        Column("travel_mode", ("交通方式", "出行方式")),
        Column("licence_no", ("执业证号",)),
        Column("licence_from", ("执业证起",)),
        Column("licence_to", ("执业证止",)),
        Column("skills", ("技能",)),
        Column("team", ("家庭医生团队", "团队代码")),
        Column("grids", ("负责网格", "网格")),
        Column("languages", ("语言", "会说的语言", "方言")),
        Column("pace_percent", ("服务用时百分比", "服务用时")),
        Column("username", ("账号名", "登录账号")),
    ),
    Kind.homes: (
        _INSTITUTION,
        Column("home_no", ("住址编号",), required=True),
        Column("address", ("地址", "住址"), required=True, secret=True),
        *_PLACE,
        Column("floor", ("楼层",)),
        Column("lift", ("电梯",)),
        Column("care_institution", ("养老机构代码", "养老机构")),
        Column("grid", ("网格", "所在网格")),
    ),
    Kind.elders: (
        _INSTITUTION,
        _ID_NUMBER,
        Column("name", ("姓名",), required=True, secret=True),
        Column("sex", ("性别",)),
        Column("birth_date", ("出生日期",), secret=True),
        Column("phone", ("电话", "联系电话", "手机"), secret=True),
        Column("home_no", ("住址编号",)),
        Column("home_institution", ("住址机构代码", "住址登记机构")),
        Column("key_groups", ("重点人群",)),
        Column("groups_from", ("重点人群起",)),
        Column("plan", ("参保险种", "险种")),
        Column("plan_from", ("参保起",)),
        Column("language", ("语言", "方言")),
        Column("language_required", ("须会该语言", "须会语言")),
        Column("precaution", ("上门须注意", "上门注意")),
    ),
    Kind.packages: (
        _INSTITUTION,
        Column("code", ("服务包代码", "服务包编码"), required=True),
        Column("name", ("服务包名称", "名称"), required=True),
        Column("covers_visit_fee", ("免上门服务费",)),
        Column("capitated", ("按人头项目",)),
        Column("items", ("计次项目",)),
        Column("valid_from", ("开放起", "起始日期"), required=True),
        Column("valid_to", ("开放止", "截止日期")),
    ),
    Kind.contracts: (
        _INSTITUTION,
        _ID_NUMBER,
        Column("package", ("服务包代码", "服务包"), required=True),
        Column("doctor", ("签约医生工号", "医生工号"), required=True),
        Column("signed_on", ("签约日期",), required=True),
        Column("valid_from", ("生效日期",), required=True),
        Column("valid_to", ("到期日期",), required=True),
    ),
    Kind.openings: (
        _INSTITUTION,
        _ID_NUMBER,
        Column("kind", ("类别", "额度类别"), required=True),
        Column("ref", ("服务包代码", "公共项目代码", "险种代码", "服务包或项目或险种代码")),
        Column("code", ("项目代码",)),
        Column("used", ("已用", "已用次数", "已用金额"), required=True),
        Column("on", ("截至日期",), required=True),
        Column("because", ("数据来源", "来源"), required=True),
        Column("document_no", ("凭证号",)),
    ),
}


def _words(chinese: Mapping[Word, tuple[str, ...]], every: type[Word]) -> Mapping[str, Word]:
    """Return every word that stands for a member: the Chinese ones first, as documents show them."""
    said = {word: member for member, words in chinese.items() for word in words}
    return said | {str(member): member for member in every}


KINDS: Final = _words(
    {
        InstitutionKind.community_health_centre: ("社区卫生服务中心",),
        InstitutionKind.township_health_centre: ("乡镇卫生院",),
        InstitutionKind.village_clinic: ("村卫生室",),
        InstitutionKind.hospital: ("医院",),
        InstitutionKind.nursing_hospital: ("护理院",),
        InstitutionKind.nursing_centre: ("护理中心",),
        InstitutionKind.rehab_hospital: ("康复医院",),
        InstitutionKind.rehab_centre: ("康复医疗中心",),
        InstitutionKind.hospice_centre: ("安宁疗护中心",),
        InstitutionKind.care_institution: ("养老机构",),
    },
    InstitutionKind,
)
DATUMS: Final = {str(datum): datum for datum in Datum} | {
    "wgs-84": Datum.wgs84,
    "gcj-02": Datum.gcj02,
    "bd-09": Datum.bd09,
}
SEXES: Final = _words({Sex.female: ("女",), Sex.male: ("男",)}, Sex)
MODES: Final = _words(
    {
        Travels.walk: ("步行",),
        Travels.bike: ("自行车",),
        Travels.ebike: ("电动车",),
        Travels.car: ("汽车",),
        Travels.shared: ("共用车辆",),
    },
    Travels,
)
TITLES: Final = _words(
    {
        Title.none: ("无",),
        Title.assistant: ("士级", "护士", "医士"),
        Title.junior: ("师级", "护师", "医师"),
        Title.intermediate: ("中级", "主管护师", "主治医师"),
        Title.associate: ("副高", "副主任护师", "副主任医师"),
        Title.senior: ("正高", "主任护师", "主任医师"),
    },
    Title,
)
GROUPS: Final = _words(
    {
        KeyGroup.disabled: ("失能",),
        KeyGroup.semi_disabled: ("半失能",),
        KeyGroup.dementia: ("失智",),
        KeyGroup.chronic: ("慢性病", "慢病"),
        KeyGroup.advanced_age: ("高龄",),
        KeyGroup.disability: ("残疾",),
        KeyGroup.severe_illness: ("重病",),
        KeyGroup.special_family: ("计生特殊家庭",),
        KeyGroup.low_income: ("低收入",),
    },
    KeyGroup,
)
PRECAUTIONS: Final = _words(
    {
        Precaution.none: ("无",),
        Precaution.immunocompromised: ("免疫力低下",),
        Precaution.infectious: ("有传染性", "传染期"),
    },
    Precaution,
)
_JOBS: Final = {
    "doctor": ("医生",),
    "village_doctor": ("乡村医生", "村医"),
    "nurse": ("护士",),
    "therapist": ("康复治疗师", "治疗师"),
    "pharmacist": ("药师",),
    "public_health_doctor": ("公卫医生",),
    "care_worker": ("护理员",),
    "driver": ("司机",),
    "dispatcher": ("调度员",),
    "phone_agent": ("话务员",),
    "care_home_staff": ("养老机构工作人员",),
    "finance": ("财务",),
    "inspector": ("监督员",),
    "institution_admin": ("机构管理员",),
}
_OFFERED: Final = {str(role) for role in PractitionerRole} | {str(role) for role in WORKS_SOMEWHERE}
JOBS: Final[Mapping[str, str]] = {word: role for role, words in _JOBS.items() if role in _OFFERED for word in words} | {
    role: role for role in sorted(_OFFERED)
}
"""Word → role: those who see patients, who are practitioners, and those who only log in."""
PRACTISES: Final = frozenset(str(role) for role in PractitionerRole)
ACCOUNT_ROLES: Final[Mapping[str, Role]] = {str(role): role for role in WORKS_SOMEWHERE}

FIELDS: Final[Mapping[str, str]] = {
    "place": "lon",
    "has_lift": "lift",
    "doctor_id": "doctor",
    "published_phone": "phone",
}
"""The rooms' fields whose column has another name."""
