"""Reads what holds for every visit of a billing case: policy, institution, staff, prices, region, programmes."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from service.billing import rules
from service.billing.case import node
from service.billing.case.node import Fields, Node

Read = TypeVar("Read")


def read_terms(fields: Fields) -> rules.Terms:
    """Read the terms of a case from its top-level fields.

    Raises:
        Malformed: names the first path that is wrong.
    """
    ltci, insurance = _read_region(fields.get("region"))
    return rules.Terms(
        policy=_read_policy(fields.get("policy")),
        service_modes=_read_institution(fields["institution"]),
        licences=dict(unique(fields["staff"], "id", _read_staff)),
        prices=_read_prices(fields["price_book"]),
        tariffs=_read_tariffs(fields.get("visit_fee_tariff")),
        ltci=ltci,
        insurance=insurance,
        programmes=dict(unique(fields["programs"], "id", _read_programme)) if "programs" in fields else {},
    )


def read_period(fields: Fields) -> rules.Period:
    """Read `from` and `to` of a dated row, both days included.

    Raises:
        Malformed: no dates, or `to` before `from`.
    """
    first, last = fields["from"].day(), node.given(fields, "to")
    if last is None:
        return rules.Period(first)
    if last.day() < first:
        raise last.wrong("早于 from")
    return rules.Period(first, last.day())


def unique(array: Node, key: str, read: Callable[[Node], tuple[str, Read]]) -> list[tuple[str, Read]]:
    """Read the members of an array, each with its id (or code) in the field `key`.

    Raises:
        Malformed: a member is wrong, or an id stands twice.
    """
    found: dict[str, Read] = {}
    for member in array.items():
        name, value = read(member)
        if name in found:
            raise Node(name, f"{member.path}.{key}").wrong("在列表里出现了两次")
        found[name] = value
    return list(found.items())


def texts(array: Node | None) -> frozenset[str]:
    """Read an array of strings that may be left out.

    Raises:
        Malformed: no such array.
    """
    return frozenset() if array is None else frozenset(member.text() for member in array.items())


def _read_policy(policy: Node | None) -> rules.Policy:
    if policy is None:
        return rules.Policy()
    fields = policy.fields(
        "", "min_staff visit_fee_sharing visit_fee_in_bed_cycle visit_fee_when_fully_funded visit_fee"
    )
    default = rules.Policy()
    return rules.Policy(
        min_staff=fields["min_staff"].count() if "min_staff" in fields else default.min_staff,
        fee=_switch(fields, "visit_fee", default.fee),
        fee_sharing=_switch(fields, "visit_fee_sharing", default.fee_sharing),
        fee_in_bed_cycle=_switch(fields, "visit_fee_in_bed_cycle", default.fee_in_bed_cycle),
        fee_when_fully_funded=_switch(fields, "visit_fee_when_fully_funded", default.fee_when_fully_funded),
    )


def _switch(fields: Fields, name: str, default: node.Word) -> node.Word:
    return fields[name].word(type(default)) if name in fields else default


def _read_institution(institution: Node) -> tuple[rules.ServiceMode, ...]:
    fields = institution.fields("code service_modes")
    fields["code"].text()
    rows = (mode.fields("mode from", "to") for mode in fields["service_modes"].items())
    return tuple(rules.ServiceMode(row["mode"].text(), read_period(row)) for row in rows)


def _read_staff(member: Node) -> tuple[str, tuple[rules.Period, ...]]:
    fields = member.fields("id licences")
    licences = (licence.fields("from", "to") for licence in fields["licences"].items())
    return fields["id"].text(), tuple(read_period(licence) for licence in licences)


def _read_prices(book: Node) -> dict[str, tuple[rules.PriceRow, ...]]:
    rows: dict[str, list[tuple[rules.Period, Node]]] = {}
    prices: dict[str, list[rules.PriceRow]] = {}
    for member in book.items():
        row = _read_price(member)
        rows.setdefault(row.code, []).append((row.valid, member))
        prices.setdefault(row.code, []).append(row)
    for dated in rows.values():
        _refuse_overlaps(dated)
    return {code: tuple(of_code) for code, of_code in prices.items()}


def _read_price(member: Node) -> rules.PriceRow:
    fields = member.fields("code unit_price from insurance_class", "name to per_visit_max includes excludes self_ratio")
    code, name, per_visit_max = fields["code"].text(), node.given(fields, "name"), node.given(fields, "per_visit_max")
    if code in {rules.VISIT_FEE, rules.BED_DAY}:
        raise fields["code"].wrong("是保留的代码")
    return rules.PriceRow(
        code=code,
        name=code if name is None else name.text(),
        unit_price=fields["unit_price"].decimal(),
        valid=read_period(fields),
        insurance_class=fields["insurance_class"].word(rules.InsuranceClass),
        self_ratio=fields["self_ratio"].ratio() if "self_ratio" in fields else Decimal(0),
        per_visit_max=None if per_visit_max is None else per_visit_max.count(),
        includes=texts(fields.get("includes")),
        excludes=texts(fields.get("excludes")),
    )


def _read_tariffs(tariffs: Node | None) -> tuple[rules.Tariff, ...]:
    if tariffs is None:
        return ()
    read = [(_read_tariff(member), member) for member in tariffs.items()]
    _refuse_overlaps([(tariff.valid, member) for tariff, member in read])
    return tuple(tariff for tariff, _ in read)


def _read_tariff(member: Node) -> rules.Tariff:
    fields = member.fields("from unit tiers", "to insurance_class self_ratio night")
    night = node.given(fields, "night")
    return rules.Tariff(
        valid=read_period(fields),
        unit=fields["unit"].word(rules.FeeUnit),
        tiers=_read_tiers(fields["tiers"]),
        night=None if night is None else _read_night(night),
        insurance_class=_switch(fields, "insurance_class", rules.InsuranceClass.C),
        self_ratio=fields["self_ratio"].ratio() if "self_ratio" in fields else Decimal(0),
    )


def _read_tiers(array: Node) -> tuple[rules.Tier, ...]:
    tiers: list[rules.Tier] = []
    for member in array.items():
        fields = member.fields("up_to_km price")
        bound = node.given(fields, "up_to_km")
        up_to_km = None if bound is None else bound.decimal()
        before = tiers[-1].up_to_km if tiers else Decimal(-1)
        if before is None or (up_to_km is not None and up_to_km <= before):
            raise fields["up_to_km"].wrong("应大于上一档")
        tiers.append(rules.Tier(up_to_km, fields["price"].decimal()))
    if not tiers:
        raise array.wrong("至少要有一档")
    return tuple(tiers)


def _read_night(night: Node) -> rules.Night:
    fields = night.fields("from to multiplier")
    return rules.Night(fields["from"].time_of_day(), fields["to"].time_of_day(), fields["multiplier"].decimal())


def _read_region(region: Node | None) -> tuple[rules.LtciTerms | None, rules.InsuranceTerms | None]:
    if region is None:
        return None, None
    fields = region.fields("", "ltci insurance")
    ltci, insurance = node.given(fields, "ltci"), node.given(fields, "insurance")
    return (
        None if ltci is None else _read_ltci(ltci),
        None if insurance is None else _read_insurance(insurance),
    )


def _read_ltci(ltci: Node) -> rules.LtciTerms:
    fields = ltci.fields("eligible_grades catalog pay_ratio monthly_cap")
    return rules.LtciTerms(
        eligible_grades=frozenset(grade.integer() for grade in fields["eligible_grades"].items()),
        catalog=texts(fields["catalog"]),
        pay_ratio=fields["pay_ratio"].ratio(),
        monthly_cap_fen=fields["monthly_cap"].fen(),
    )


def _read_insurance(insurance: Node) -> rules.InsuranceTerms:
    fields = insurance.fields("deductible pay_ratio yearly_cap")
    return rules.InsuranceTerms(
        deductible_fen=fields["deductible"].fen(),
        pay_ratio=fields["pay_ratio"].ratio(),
        yearly_cap_fen=fields["yearly_cap"].fen(),
    )


def _read_programme(member: Node) -> tuple[str, rules.Programme]:
    fields = member.fields("id from items", "to")
    name = fields["id"].text()
    return name, rules.Programme(name, read_period(fields), dict(unique(fields["items"], "code", _read_per_year)))


def _read_per_year(member: Node) -> tuple[str, int]:
    fields = member.fields("code per_year")
    return fields["code"].text(), fields["per_year"].count()


def _refuse_overlaps(dated: Sequence[tuple[rules.Period, Node]]) -> None:
    """Refuse rows of which one begins before another has ended; `None` ends never."""
    ordered = sorted(dated, key=lambda row: row[0].first)
    for (earlier, _), (later, member) in pairwise(ordered):
        if earlier.last is None or later.first <= earlier.last:
            raise member.wrong("与同一代码的另一行日期重叠")
