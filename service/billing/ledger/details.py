"""The statements that look behind the journal: who paid for which contract, programme, bed; what insurers are owed.

Each begins with the period's journal entries, found by their index, and follows them to the bills by key. What was
taken back counts negative on the day it was taken back. `:most` rows at most are fetched.
"""

from collections.abc import Mapping
from string import Template
from typing import Any, Final

from sqlalchemy import BigInteger, Date, DateTime, TextClause, Uuid, bindparam, text
from sqlalchemy.types import TypeEngine

_POSTED: Final = """
posted as materialized (
    select e.source_id, coalesce(r.settlement_id, e.source_id) as settlement_id, e.booked_on,
           case e.source when 'settlement' then 1 else -1 end as sign
    from (select distinct source, source_id, booked_on from journal_entries
          where region_id = :region and institution_id = :institution and booked_on between :first and :last
            and source in ('settlement', 'reversal')) e
    left join reversals r on e.source = 'reversal' and r.region_id = :region and r.id = e.source_id
)"""
_PARTS: Final = """
    from posted p
    join settlements s on s.region_id = :region and s.id = p.settlement_id
    join bill_fundings f on f.region_id = :region and f.settlement_id = p.settlement_id and f.source = '{source}'
    join bill_lines l on l.region_id = :region and l.settlement_id = p.settlement_id and l.line_no = f.line_no"""
_SIGNED: Final = "sum(p.sign * f.units)::bigint as units, sum(p.sign * f.amount_fen)::bigint as amount_fen"
_PERSONS: Final = "count(distinct s.person_id) filter (where p.sign > 0) as persons"
_IN_FORCE: Final = (
    "c.region_id = :region and c.institution_id = :institution and c.valid_from <= :last"
    " and least(c.valid_to, c.terminated_on - 1) >= :first"
)


_OWED: Final = """
           sum(f.amount_fen) filter (where f.source = '{fund}') as fund,
           sum(f.amount_fen) filter (where f.source = 'self_pay') as own,
           sum(f.amount_fen) filter (where f.source in ('reduction', 'institution')) as hospital
    from posted p
    join bill_lines l on l.region_id = :region and l.settlement_id = p.settlement_id and {of_claim}
    join bill_fundings f on f.region_id = :region and f.settlement_id = l.settlement_id and f.line_no = l.line_no
    where f.source in ('{fund}', 'self_pay', 'reduction', 'institution')
    group by p.source_id"""
_ROWS: Final = """
select s.visit_id::text as mdtrt_id, p.source_id, case when p.sign < 0 then p.settlement_id end as reverses_id,
       p.booked_on, s.service_on, s.person_id, s.plan_code, {ratio} as ratio, p.sign * c.total as total,
       p.sign * c.alone as alone, p.sign * c.first as first, p.sign * c.covered as covered,
       p.sign * c.below as below, p.sign * coalesce(o.fund, 0) as fund, p.sign * coalesce(o.own, 0) as own,
       p.sign * coalesce(o.hospital, 0) as hospital, v.mode as kind, g.insutype, g.med_types
from posted p join claimed c using (source_id) join owed o using (source_id)
join settlements s on s.region_id = :region and s.id = p.settlement_id
join visits v on v.region_id = :region and v.id = s.visit_id
left join {rule}"""
# what the payer calls it: as its rule of the service date says
_INSURANCE_RULE: Final = (
    "insurance_rules g on g.region_id = :region and g.plan_code = {plan}"
    " and g.valid_from <= {on} and (g.valid_to is null or g.valid_to >= {on})"
)
_LTCI_RULE: Final = (
    "ltci_rules g on g.region_id = :region"
    " and g.valid_from <= s.service_on and (g.valid_to is null or g.valid_to >= s.service_on)"
)

# a bill made before there were proofs keeps its bare case
_PAY_RATIO: Final = "coalesce(s.facts -> 'case', s.facts) #>> '{region,insurance,pay_ratio}'"
_LTCI_RATIO: Final = "coalesce(s.facts -> 'case', s.facts) #>> '{region,ltci,pay_ratio}'"

_LTCI_LINE: Final = (
    "exists (select 1 from bill_fundings n where n.region_id = :region and n.settlement_id = l.settlement_id"
    " and n.line_no = l.line_no and n.source = 'ltci')"
)
_FRAGMENTS: Final = {
    "posted": _POSTED,
    "in_force": _IN_FORCE,
    "signed_sums": _SIGNED,
    "persons": _PERSONS,
    **{
        f"parts_of_{source}": _PARTS.format(source=source)
        for source in ("contract", "public_program", "capitation", "bed_per_diem")
    },
    "owed_by_insurance": _OWED.format(fund="medical_insurance", of_claim="l.insured_fen > 0"),
    "owed_by_ltci": _OWED.format(fund="ltci", of_claim=_LTCI_LINE),
    "insurance_rows": _ROWS.format(
        ratio=_PAY_RATIO, rule=_INSURANCE_RULE.format(plan="s.plan_code", on="s.service_on")
    ),
    "ltci_rows": _ROWS.format(ratio=_LTCI_RATIO, rule=_LTCI_RULE),
    "insurance_rule_of_days": _INSURANCE_RULE.format(plan="d.plan_code", on="d.first"),
}
"""What the statements below share, by the name that stands for it in their SQL."""
_KINDS: Final[Mapping[str, TypeEngine[Any]]] = {
    "region": Uuid(),
    "institution": Uuid(),
    "contract": Uuid(),
    "first": Date(),
    "last": Date(),
    "most": BigInteger(),
    "until": DateTime(timezone=True),
}


def _asked(sql: str) -> TextClause:
    whole = Template(sql).substitute(_FRAGMENTS)
    return text(whole).bindparams(*(bindparam(name, type_=_KINDS[name]) for name in _KINDS if f":{name}" in whole))


FULFILMENT: Final = _asked(
    """
with $posted, signed as materialized (
    select c.id, c.person_id, c.valid_from, c.valid_to, k.name as package
    from contracts c join packages k on k.region_id = c.region_id and k.id = c.package_id
    where $in_force and (cast(:contract as uuid) is null or c.id = :contract)
    order by c.id limit :most
), served as (
    select f.ref_id as contract_id, l.code, sum(p.sign) as visits, $signed_sums
    $parts_of_contract
    group by f.ref_id, l.code
)
select c.id as contract_id, c.package, c.person_id, c.valid_from, c.valid_to, t.code, t.granted, t.used,
       greatest(t.granted - t.used, 0) as remaining, coalesce(v.visits, 0) as visits, coalesce(v.units, 0) as units,
       coalesce(v.amount_fen, 0) as amount_fen
from signed c
join contracts_fulfilled((select array_agg(id) from signed), :until) t on t.contract_id = c.id
left join served v on v.contract_id = c.id and v.code = t.code
order by c.id, t.code limit :most
"""
)
"""Each item of each contract in force: what was granted, what was used of it by the end of the last day, anywhere."""

FULFILMENT_VISITS: Final = _asked(
    """
with $posted
select f.ref_id as contract_id, s.person_id, p.booked_on, s.service_on, s.visit_id, l.code, l.name,
       p.sign * f.units as units, p.sign * f.amount_fen as amount_fen
$parts_of_contract
where cast(:contract as uuid) is null or f.ref_id = :contract
order by f.ref_id, p.booked_on, p.source_id, l.line_no limit :most
"""
)

PROGRAMMES: Final = _asked(
    """
with $posted
select g.payer, g.code as programme, g.name as programme_name, l.code, l.name, $persons, $signed_sums
$parts_of_public_program
join programmes g on g.region_id = :region and g.id = f.ref_id
group by g.payer, g.code, g.name, l.code, l.name
order by g.payer, g.code, l.code, l.name limit :most
"""
)

CAPITATION: Final = _asked(
    """
with $posted, signed as (
    select k.code as package, k.name as package_name, count(*) as heads
    from contracts c join packages k on k.region_id = c.region_id and k.id = c.package_id
    where $in_force and k.capitated_codes <> '{}'
    group by k.code, k.name
), served as (
    select coalesce(k.code, '') as package, coalesce(k.name, '其他机构签约') as package_name, l.code, l.name,
           $persons, $signed_sums
    $parts_of_capitation
    left join contracts c on c.region_id = :region and c.id = f.ref_id
    left join packages k on k.region_id = :region and k.id = c.package_id
    group by k.code, k.name, l.code, l.name
)
select package, package_name, coalesce(heads, 0) as heads, coalesce(code, '') as code, coalesce(name, '') as name,
       coalesce(persons, 0) as persons, coalesce(units, 0) as units, coalesce(amount_fen, 0) as amount_fen
from signed full join served using (package, package_name)
order by package, code, name limit :most
"""
)

PER_DIEM: Final = _asked(
    """
with $posted, billed as (
    select e.source, e.source_id from journal_entries e
    where e.region_id = :region and e.institution_id = :institution and e.booked_on between :first and :last
      and e.source in ('bed_days', 'bed_days_reversal')
    group by e.source, e.source_id
), parts as (
    select b.bed_id, b.gross_fen, b.fund_fen, b.institution_fen, b.reduction_fen, b.patient_fen, 0 as included_fen,
           (select sum(l.days) from bed_settlement_lines l
            where l.region_id = :region and l.settlement_id = b.id) as days
    from billed e join bed_settlements b on b.region_id = :region and b.id = e.source_id where e.source = 'bed_days'
    union all
    select r.bed_id, -r.gross_fen, -r.fund_fen, -r.institution_fen, -r.reduction_fen, -r.patient_fen, 0,
           -(select count(*) from bed_day_reversals d where d.region_id = :region and d.reversal_id = r.id)
    from billed e join bed_reversals r on r.region_id = :region and r.id = e.source_id
    where e.source = 'bed_days_reversal'
    union all
    select f.ref_id, 0, 0, 0, 0, 0, p.sign * f.amount_fen, 0
    $parts_of_bed_per_diem
)
select b.bed_no, b.person_id, sum(days)::bigint as days, sum(gross_fen)::bigint as gross_fen,
       sum(fund_fen)::bigint as fund_fen, sum(institution_fen)::bigint as institution_fen,
       sum(reduction_fen)::bigint as reduction_fen, sum(patient_fen)::bigint as patient_fen,
       sum(included_fen)::bigint as included_fen
from parts join beds b on b.region_id = :region and b.id = parts.bed_id
group by b.id, b.bed_no, b.person_id order by b.bed_no, b.id limit :most
"""
)
"""Bed by bed: the days and who bears them, and the services that the daily rate includes."""

INVOICES: Final = _asked(
    """
select i.year, i.number, i.issued_on, i.source, i.source_id, r.year as reverses_year, r.number as reverses_number,
       i.gross_fen, i.patient_fen
from invoices i left join invoices r on r.region_id = i.region_id and r.id = i.reverses_id
where i.region_id = :region and i.institution_id = :institution and i.issued_on between :first and :last
order by i.year, i.number limit :most
"""
)

INSURANCE_CLAIMS: Final = _asked(
    """
with $posted, claimed as (
    select p.source_id, sum(l.insured_fen) as total, sum(l.eligible_fen) as covered, sum(l.deductible_fen) as below,
           sum(case when l.insurance_class = 'C' then l.insured_fen else 0 end) as alone,
           sum(case when l.insurance_class = 'C' then 0 else l.insured_fen - l.eligible_fen end) as first
    from posted p
    join bill_lines l on l.region_id = :region and l.settlement_id = p.settlement_id and l.insured_fen > 0
    group by p.source_id
), owed as (
    select p.source_id, $owed_by_insurance
), beds_billed as (
    select e.source_id, b.id as settlement_id, e.booked_on, b.bed_id, b.first, b.person_id, b.plan_code,
           1 as sign, b.gross_fen, b.fund_fen, b.institution_fen + b.reduction_fen as hospital_fen, b.patient_fen
    from journal_entries e join bed_settlements b on b.region_id = :region and b.id = e.source_id
    where e.region_id = :region and e.institution_id = :institution and e.booked_on between :first and :last
      and e.source = 'bed_days' and b.fund_fen > 0
    union all
    select e.source_id, b.id, e.booked_on, b.bed_id, b.first, b.person_id, b.plan_code,
           -1, r.gross_fen, r.fund_fen, r.institution_fen + r.reduction_fen, r.patient_fen
    from journal_entries e join bed_reversals r on r.region_id = :region and r.id = e.source_id
    join bed_settlements b on b.region_id = :region and b.id = r.settlement_id
    where e.region_id = :region and e.institution_id = :institution and e.booked_on between :first and :last
      and e.source = 'bed_days_reversal' and b.fund_fen > 0
)
select * from ($insurance_rows
    union all
    select d.bed_id::text, d.source_id, case when d.sign < 0 then d.settlement_id end, d.booked_on, d.first,
           d.person_id, d.plan_code, null, d.sign * d.gross_fen, 0, 0, d.sign * d.gross_fen, 0, d.sign * d.fund_fen,
           d.sign * d.patient_fen, d.sign * d.hospital_fen, b.kind, g.insutype, g.med_types
    from beds_billed d
    join beds b on b.region_id = :region and b.id = d.bed_id
    left join $insurance_rule_of_days) as claims
order by booked_on, source_id limit :most
"""
)

LTCI_CLAIMS: Final = _asked(
    """
with $posted, owed as (
    select p.source_id, $owed_by_ltci
), claimed as (
    select source_id, coalesce(fund, 0) + coalesce(own, 0) + coalesce(hospital, 0) as total, 0 as alone, 0 as first,
           coalesce(fund, 0) + coalesce(own, 0) + coalesce(hospital, 0) as covered, 0 as below
    from owed
)
$ltci_rows
order by p.booked_on, p.source_id limit :most
"""
)
