"""What may be signed and ended, what a person has by right, and how it is said: without a database."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.programme_rules import Criteria
from service.catalog.rules import InsuranceFacts, ProgrammeFacts
from service.contracts import errors, rules

PERSON, PROGRAMME = uuid4(), uuid4()
TODAY = date(2026, 3, 2)


def programme(valid_to: date | None = None, **per_year: int) -> ProgrammeFacts:
    return ProgrammeFacts(PROGRAMME, "BPHS", "国家基本公共卫生服务", "补助资金", date(2026, 1, 1), valid_to, per_year)


def insurance(cap: int = 1_200_000) -> InsuranceFacts:
    return InsuranceFacts("RESIDENT", "居民医保", 10_000, Decimal("0.8"), cap, date(2026, 1, 1), None)


def balance(source: rules.Source, ref: UUID, code: str, period: str, cap: int, used: int = 0) -> rules.Balance:
    return rules.Balance(uuid4(), source, ref, code, period, cap, rules.Counting.quantity, used, 0)


class TestWithAutomatic:
    """Who belongs to a programme by himself: all that the programme asks for must hold on the day."""

    def enrolled(
        self, *criteria: Criteria, age: int = 80, groups: str = "disabled", codes: str = "E11.900 I10.x00x002"
    ) -> list[rules.EnrolmentFacts]:
        programmes = [
            ProgrammeFacts(UUID(int=no), f"P{no}", "项目", "财政", date(2026, 1, 1), None, {}, criteria=each)
            for no, each in enumerate(criteria)
        ]
        return rules.with_automatic(
            [], programmes, age=age, groups={groups}, diagnoses=frozenset(codes.split()), on=TODAY
        )

    @pytest.mark.parametrize(
        "criteria",
        [
            Criteria(diagnosis_prefixes=frozenset({"E11"})),
            Criteria(diagnosis_prefixes=frozenset({"C34", "I10.x00x002"})),
            Criteria(80, frozenset({"disabled", "dementia"}), frozenset({"E1"})),
        ],
    )
    def test_enrols_for_the_day_who_meets_every_criterion(self, criteria: Criteria) -> None:
        assert self.enrolled(criteria) == [rules.EnrolmentFacts(UUID(int=0), TODAY, TODAY, automatic=True)]

    @pytest.mark.parametrize(
        "criteria",
        [
            Criteria(),
            Criteria(diagnosis_prefixes=frozenset({"E10", "I11", "I10.x01"})),
            Criteria(81, frozenset(), frozenset({"E11"})),
            Criteria(None, frozenset({"dementia"}), frozenset({"E11"})),
            Criteria(80, frozenset({"disabled"}), frozenset({"C"})),
        ],
    )
    def test_enrols_nobody_who_misses_one(self, criteria: Criteria) -> None:
        assert self.enrolled(criteria) == []

    def test_who_has_no_diagnosis_meets_none(self) -> None:
        assert self.enrolled(Criteria(diagnosis_prefixes=frozenset({"E11"})), codes="") == []
        assert self.enrolled(Criteria(80), codes="") != []

    def test_the_programmes_keep_the_order_of_their_codes_after_those_enrolled_by_hand(self) -> None:
        by_hand = rules.EnrolmentFacts(PROGRAMME, date(2026, 1, 1), None)
        asked = [
            ProgrammeFacts(UUID(int=no), code, "项目", "财政", date(2026, 1, 1), None, {}, criteria=Criteria(80))
            for no, code in enumerate("BA")
        ]
        found = rules.with_automatic([by_hand], asked, age=80, groups=frozenset(), diagnoses=frozenset(), on=TODAY)
        assert [each.programme_id for each in found] == [PROGRAMME, UUID(int=1), UUID(int=0)]


class TestTerm:
    @pytest.mark.parametrize(
        ("valid_from", "months", "last"),
        [
            (date(2026, 3, 2), 12, date(2027, 3, 1)),
            (date(2026, 1, 1), 12, date(2026, 12, 31)),
            (date(2024, 2, 29), 12, date(2025, 2, 27)),
            (date(2026, 1, 31), 1, date(2026, 2, 27)),
            (date(2026, 12, 15), 1, date(2027, 1, 14)),
        ],
    )
    def test_a_year_ends_the_day_before_its_anniversary(self, valid_from: date, months: int, last: date) -> None:
        assert rules.earliest_end(valid_from, months) == last

    @given(st.dates(date(1900, 1, 1), date(2999, 12, 31)), st.integers(1, 60))
    def test_every_day_has_an_end_about_that_many_months_later(self, valid_from: date, months: int) -> None:
        days = (rules.earliest_end(valid_from, months) - valid_from).days
        assert months * 28 - 2 <= days <= months * 31

    def test_refuses_a_day_less(self) -> None:
        rules.refuse_short_term(TODAY, date(2027, 3, 1), 12)
        with pytest.raises(errors.TermTooShort) as refusal:
            rules.refuse_short_term(TODAY, date(2027, 2, 28), 12)
        assert refusal.value.facts["earliest"] == date(2027, 3, 1)


class TestSigningDay:
    def test_today_or_earlier_for_days_that_follow(self) -> None:
        rules.refuse_signing_day(TODAY, TODAY, TODAY)
        rules.refuse_signing_day(date(2026, 1, 5), date(2026, 2, 1), TODAY)

    @pytest.mark.parametrize(
        ("signed_on", "valid_from"), [(date(2026, 3, 3), date(2026, 3, 3)), (TODAY, date(2026, 3, 1))]
    )
    def test_refuses_the_future_and_days_before_it(self, signed_on: date, valid_from: date) -> None:
        with pytest.raises(errors.SigningDayInvalid):
            rules.refuse_signing_day(signed_on, valid_from, TODAY)


class TestTermination:
    @pytest.mark.parametrize("on", [date(2026, 3, 1), date(2027, 3, 2)])
    def test_refuses_what_lies_before_its_beginning_or_after_its_end(self, on: date) -> None:
        with pytest.raises(errors.TerminationDayInvalid):
            rules.refuse_termination(TODAY, date(2027, 3, 1), on)

    @pytest.mark.parametrize("on", [TODAY, date(2027, 3, 1)])
    def test_lets_it_end_on_any_day_between(self, on: date) -> None:
        rules.refuse_termination(TODAY, date(2027, 3, 1), on)

    @pytest.mark.parametrize("reason", list(rules.TerminationReason))
    def test_the_dead_end_by_death_and_the_living_otherwise(self, reason: rules.TerminationReason) -> None:
        fits, wrong = (TODAY, None) if reason is rules.TerminationReason.died else (None, TODAY)
        rules.refuse_reason(reason, fits)
        with pytest.raises(errors.TerminationReasonWrong):
            rules.refuse_reason(reason, wrong)


class TestDueGrants:
    def due(self, on: date = TODAY, enrolled_to: date | None = None, **said: object) -> list[rules.Grant]:
        offered = said.get("offered", programme(BP=4))
        assert isinstance(offered, ProgrammeFacts)
        return rules.due_grants(
            person_id=PERSON,
            on=on,
            enrolments=[rules.EnrolmentFacts(PROGRAMME, date(2026, 2, 1), enrolled_to)],
            programmes=[offered],
            insurance=said.get("insurance"),
        )

    def test_a_programme_gives_its_units_per_calendar_year(self) -> None:
        assert self.due() == [rules.Grant(rules.Source.public_program, PROGRAMME, "BP", "2026", 4)]
        assert self.due(on=date(2027, 1, 1))[0].period == "2027"

    def test_only_while_enrolment_and_programme_are_both_in_force(self) -> None:
        assert self.due(on=date(2026, 1, 31)) == []
        assert self.due(enrolled_to=date(2026, 3, 1)) == []
        assert self.due(offered=programme(date(2026, 3, 1), BP=4)) == []
        assert len(self.due(enrolled_to=TODAY, offered=programme(TODAY, BP=4))) == 1

    def test_only_the_programmes_that_one_is_enrolled_in(self) -> None:
        stranger = ProgrammeFacts(uuid4(), "X", "X", "X", date(2026, 1, 1), None, {"BP": 9})
        assert self.due(offered=stranger) == []

    def test_an_insurance_gives_fund_and_deductible_in_fen(self) -> None:
        found = {grant.source: grant for grant in self.due(offered=programme(), insurance=insurance())}
        assert found[rules.Source.insurance_fund].cap == 1_200_000
        assert found[rules.Source.insurance_deductible].cap == 10_000
        assert {grant.key[1:] for grant in found.values()} == {(PERSON, "RESIDENT", "2026")}


class TestMissingGrants:
    def test_what_the_ledger_knows_is_not_granted_twice(self) -> None:
        due = [rules.Grant(rules.Source.public_program, PROGRAMME, code, "2026", 4) for code in ("GLUCOSE", "BP")]
        known = balance(rules.Source.public_program, PROGRAMME, "GLUCOSE", "2026", 2)
        assert rules.missing_grants(due, [known]) == [due[1]]
        assert rules.missing_grants(due, []) == [due[1], due[0]]

    def test_a_better_insurance_rule_raises_a_cap_and_a_worse_one_leaves_it(self) -> None:
        known = balance(rules.Source.insurance_fund, PERSON, "RESIDENT", "2026", 100)
        for cap, missing in ((101, 1), (100, 0), (99, 0)):
            due = [rules.Grant(rules.Source.insurance_fund, PERSON, "RESIDENT", "2026", cap)]
            assert len(rules.missing_grants(due, [known])) == missing


class TestSumClaims:
    def test_claims_on_the_same_entitlement_add_up_and_empty_ones_fall_away(self) -> None:
        claims = [rules.Claim(rules.Source.contract, PROGRAMME, code, "contract", units) for code, units in
                  (("BP", 2), ("GLUCOSE", 0), ("BP", 3))]  # fmt: skip
        assert rules.sum_claims(claims) == {(rules.Source.contract, PROGRAMME, "BP", "contract"): 5}

    def test_a_claim_never_gives_back(self) -> None:
        with pytest.raises(ValueError, match="gives none"):
            rules.sum_claims([rules.Claim(rules.Source.contract, PROGRAMME, "BP", "contract", -1)])


class TestStandingToday:
    def test_shows_active_contracts_and_this_years_rights_and_nothing_else(self) -> None:
        contract = uuid4()
        cover = rules.ContractCover(contract, uuid4(), TODAY, TODAY, date(2027, 3, 1), None, False, frozenset(), ())
        known = [
            balance(rules.Source.public_program, PROGRAMME, "BP", "2026", 4, used=3),
            balance(rules.Source.public_program, PROGRAMME, "BP", "2025", 4, used=4),
            balance(rules.Source.contract, contract, "BP", "contract", 8, used=1),
            balance(rules.Source.contract, uuid4(), "BP", "contract", 8, used=2),
        ]
        due = [rules.Grant(rules.Source.public_program, PROGRAMME, code, "2026", 4) for code in ("BP", "GLUCOSE")]
        standing = rules.standing_today(known=known, due=due, covers=[cover])
        assert [(each.grant.source, each.grant.code, each.used, each.remaining) for each in standing] == [
            (rules.Source.contract, "BP", 1, 7),
            (rules.Source.public_program, "BP", 3, 1),
            (rules.Source.public_program, "GLUCOSE", 0, 4),
        ]

    def test_a_cap_below_what_is_used_leaves_nothing(self) -> None:
        grant = rules.Grant(rules.Source.contract, PROGRAMME, "BP", "contract", 4)
        assert rules.Standing(grant, 5, 0).remaining == 0


class TestDescribe:
    @pytest.mark.parametrize(
        ("source", "reserved", "said"),
        [
            (rules.Source.contract, 1, "签约服务包“血压测量”共 800 次，已用 300 次，已预约 1 次，还可用 499 次。"),
            (rules.Source.contract, 0, "签约服务包“血压测量”共 800 次，已用 300 次，还可用 500 次。"),
            (
                rules.Source.public_program,
                0,
                "2026 年由补助资金支付的“血压测量”共 800 次，已用 300 次，还可用 500 次。",
            ),
            (rules.Source.insurance_fund, 0, "2026 年血压测量年度支付限额 8.00 元，已支付 3.00 元，还可支付 5.00 元。"),
            (rules.Source.insurance_deductible, 0, "2026 年血压测量起付线 8.00 元，已累计 3.00 元，还差 5.00 元。"),
        ],
    )
    def test_says_to_the_elder_what_is_left(self, source: rules.Source, reserved: int, said: str) -> None:
        standing = rules.Standing(rules.Grant(source, PERSON, "BP", "2026", 800), 300, reserved)
        assert rules.describe(standing, name="血压测量", payer="补助资金") == said
