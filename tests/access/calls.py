"""One request for each operation, such that nothing but access can be the cause of a refusal.

`{name}` stands for the id of a seeded row, `@session` for the log-in of who asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.access.scene import JPEG, PROPOSED

METRICS: Final = "read_metrics"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: path parameters that are not named as in `IDS`, query, body; `shows` is what an answer must hold."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    shows: str = ""
    passed_with: str = ""
    """The refusal that proves that access was given, where no 2xx can follow."""
    hidden_as: str = ""
    """The refusal that says that a thing named in the body is not there: as good as 404."""


IDS: Final = {
    "account_id": "{account}", "session_id": "@session", "institution_id": "{institution}", "station_id": "{station}",
    "mode_id": "{mode}", "district_id": "{district}", "practitioner_id": "{practitioner}", "shift_id": "{shift}",
    "qualification_id": "{qualification}", "home_id": "{home}", "person_id": "{person}", "proxy_id": "{proxy}",
    "template_id": "{template}", "programme_id": "{programme}", "rule_id": "{rule}", "price_id": "{price}",
    "tariff_id": "{tariff}", "package_id": "{package}", "contract_id": "{contract}", "enrolment_id": "{enrolment}",
    "order_id": "{submitted_order}", "bed_id": "{bed}", "area_id": "{area}", "plan_id": "{plan}",
    "visit_id": "{in_service_visit}", "exception_id": "{exception}", "quote_id": "{quote}",
    "settlement_id": "{settlement}", "bed_settlement_id": "{bed_settlement}", "agreement_id": "{agreement}",
    "file_id": "{file}", "region_code": "{region_code}", "code": "BP",
    "proposal_id": "{proposal}", "level": "secondary", "designation_id": "{designation}", "use_id": "{use}",
    "diagnosis_id": "{diagnosis}", "level_id": "{level_row}", "absence_id": "{absence}",
    "vehicle_id": "{vehicle}", "round_plan_id": "{round_plan}", "period_plan_id": "{period_plan}",
}  # fmt: skip
"""Path parameter → what it names unless a call says otherwise."""

_UNTIL: Final = {"valid_to": "2026-12-31"}
_DAYS: Final = {"from": "2025-12-31", "to": "2026-03-02"}
_BOOK: Final = "项目代码,价格,起始日期\nBP,12.00,2026-09-01\n".encode()
_USED: Final = {
    "person_id": "{person}", "source": "contract", "contract_id": "{contract}", "code": "BP", "units": 1,
}  # fmt: skip
_SINCE: Final = {"valid_from": "2026-03-10"}
_PLACE: Final = {"lon": 106.38, "lat": 39.02}
_ASKED: Final = {
    "institution_id": "{institution}", "person_id": "{person}", "kind": "home_visit",
    "items": [{"code": "BP", "quantity": 1}],
}  # fmt: skip
_WINDOW: Final = {"wished_start": "2026-03-04T09:00:00+08:00", "wished_end": "2026-03-04T11:00:00+08:00"}
_FUNDS: Final = {"name": "职工医保", "deductible": "0.00", "pay_ratio": "0.5", "yearly_cap": "100.00"}
_OWN: Final = {"institution_id": "{institution}"}

_ACCOUNTS: Final = {
    "grant_token": Call(body={"grant_type": "refresh_token", "refresh_token": "{refresh_token}"}),
    "revoke_token": Call(body={"refresh_token": "{refresh_token}"}),
    "list_own_sessions": Call(shows="@session"),
    "end_other_sessions": Call(),
    "end_own_session": Call(),
    "list_sessions": Call(shows="{session}"),
    "end_sessions": Call(),
    "change_own_password": Call(
        body={"old_password": "一二三四五六七八九十", "new_password": "十九八七六五四三二一"},
        passed_with="password-not-used",
    ),
    "begin_second_factor": Call(passed_with="password-not-used"),
    "confirm_second_factor": Call(body={"totp_code": "123456"}, passed_with="second-factor-missing"),
    "remove_second_factor": Call(body={"totp_code": "123456"}, passed_with="second-factor-missing"),
    "reset_second_factor": Call(),
    "list_regions": Call(),
    "list_audit_checks": Call(),
    "found_region": Call(
        body={
            "code": "649900",
            "name": "新统筹区",
            "admin_username": "first.admin",
            "admin_display_name": "县卫健局",
            "admin_password": "甲乙丙丁戊己庚辛壬癸",
        }
    ),
    "read_me": Call(),
    "create_account": Call(
        body={
            "username": "new.nurse",
            "role": "nurse",
            "display_name": "新来的",
            "institution_ids": ["{institution}"],
            "password": "甲乙丙丁戊己庚辛壬癸",
        }
    ),
    "list_accounts": Call(query={"role": "nurse", "limit": "200"}, shows="{account}"),
    "create_resident_account": Call(body={"username": "new.elder", "role": "elder", "display_name": "新老人"}),
    "read_account": Call(shows="{account}"),
    "change_account": Call(body={"display_name": "改过的"}),
    "renew_secret": Call(path={"account_id": "{client}"}),
    "bind_account": Call(body={"account_id": "{unbound_account}", "id_number": "{unbound_number}", "name": "居民甲"}),
}

_INSTITUTIONS: Final = {
    "add_station": Call(body={"code": "S9", "name": "新站", "place": _PLACE}),
    "list_stations": Call(shows="{station}"),
    "read_station": Call(shows="{station}"),
    "change_station": Call(body={"name": "改名"}),
    "register_mode": Call(
        body={"mode": "home_bed", "registration_no": "NEW-1", "valid_from": "2026-03-10"},
        passed_with="mode-registered",
    ),
    "list_modes": Call(query={"limit": "200"}, shows="{mode}"),
    "read_mode": Call(shows="{mode}"),
    "change_mode": Call(body=_UNTIL),
    "set_setting": Call(body={**_OWN, "key": "visit.geofence_metres", "value": 200, "valid_from": "2026-03-10"}),
    "list_settings": Call(query=_OWN),
    "list_setting_rows": Call(path={"key": "orders.booking_days_ahead"}, query=_OWN, shows="{setting_row}"),
    "change_setting": Call(
        path={"key": "orders.booking_days_ahead", "row_id": "{setting_row}"}, body={"valid_to": "2026-12-31"}
    ),
    "add_district": Call(body={"code": "640299", "name": "新县区"}),
    "list_districts": Call(shows="{district}"),
    "read_district": Call(shows="{district}"),
    "change_district": Call(body={"name": "改名"}),
    "add_institution": Call(
        body={
            "code": "NEW", "name": "新中心", "kind": "hospital", "district_id": "{district}", "address": "街",
            "place": _PLACE,
        }
    ),
    "list_institutions": Call(shows="{institution}"),
    "read_institution": Call(shows="{institution}"),
    "change_institution": Call(body={"name": "改名"}),
    "add_shift": Call(body={"start": "2026-03-09T08:00:00+08:00", "end": "2026-03-09T16:00:00+08:00"}),
    "list_practitioner_shifts": Call(query={"from": "2026-03-01", "to": "2026-03-07"}, shows="{shift}"),
    "list_my_shifts": Call(query={"from": "2026-03-01", "to": "2026-03-07"}),
    "list_shifts": Call(query={"on": "2026-03-03"}, shows="{shift}"),
    "list_duties": Call(query={"on": "2026-03-03"}, shows="{practitioner}"),
    "change_shift": Call(body={"end": "2026-03-03T16:00:00+08:00"}),
    "remove_shift": Call(),
    "add_absence": Call(
        body={"start": "2026-03-09T08:00:00+08:00", "end": "2026-03-09T16:00:00+08:00", "reason": "leave"}
    ),
    "list_practitioner_absences": Call(query={"from": "2026-04-01", "to": "2026-04-07"}, shows="{absence}"),
    "list_absences": Call(query={"from": "2026-04-01", "to": "2026-04-07"}, shows="{absence}"),
    "read_absence": Call(shows="{absence}"),
    "end_absence": Call(body={"end": "2026-04-03T00:00:00+08:00"}),
    "remove_absence": Call(),
    "register_practitioner": Call(
        body={
            **_OWN, "staff_no": "NEW", "name": "新护士", "sex": "female", "role": "nurse", "station_id": "{station}",
            "travel_mode": "ebike",
        }
    ),
    "add_vehicle": Call(
        body={
            **_OWN, "station_id": "{station}", "plate_no": "NEW", "seats": 4, "away_from": "07:30", "away_to": "18:00"
        }
    ),
    "list_vehicles": Call(shows="{vehicle}"),
    "read_vehicle": Call(shows="{vehicle}"),
    "change_vehicle": Call(body={"seats": 5}),
    "list_practitioners": Call(query={"limit": "200"}, shows="{practitioner}"),
    "read_practitioner": Call(shows="{practitioner}"),
    "change_practitioner": Call(body={"name": "改名"}),
    "add_qualification": Call(
        body={"kind": "skill", "code": "wound", "certificate_no": "NEW", "valid_from": "2026-01-01"}
    ),
    "list_qualifications": Call(shows="{qualification}"),
    "end_qualification": Call(body=_UNTIL),
}  # fmt: skip

_PEOPLE: Final = {
    "register_home": Call(body={**_OWN, "address": "新街1号", "place": _PLACE}),
    "list_homes": Call(query={"limit": "200"}, shows="{home}"),
    "list_home_reviews": Call(shows="{review}"),
    "read_home": Call(shows="{home}"),
    "change_home": Call(body={"floor": 2}),
    "place_home": Call(body={"revision": 1, "reason": "checked_on_map"}),
    "list_accesses": Call(),
    "list_my_people": Call(shows="{person}"),
    "grant_proxy": Call(
        body={"account_id": "{new_proxy}", "relation": "child", "rights": ["view"], "paper_no": "P1"}
    ),
    "list_proxies": Call(shows="{proxy}"),
    "revoke_proxy": Call(),
    "register_patient": Call(
        body={**_OWN, "name": "新居民", "sex": "female", "born_on": "1950-01-01", "id_number": "{new_number}"}
    ),
    "admit_patient": Call(
        body={**_OWN, "id_number": "{arriving_number}", "name": "居民甲", "because": "接诊"}, shows="{arriving}"
    ),
    "list_patients": Call(query={"limit": "200"}, shows="{person}"),
    "read_patient": Call(shows="{person}"),
    "change_patient": Call(body={"name": "改名"}),
    "add_key_group": Call(body={"key_group": "chronic", "valid_from": "2026-01-01"}),
    "list_key_groups": Call(shows="{key_group}"),
    "end_key_group": Call(path={"row_id": "{key_group}"}, body=_UNTIL),
    "add_coverage": Call(body={"plan_code": "RESIDENT", "valid_from": "2026-07-01"}),
    "list_coverages": Call(shows="{coverage}"),
    "add_hospital_stay": Call(
        body={"hospital": "第二人民医院", "admitted_on": "2026-07-01", "discharged_on": "2026-07-03"}
    ),
    "list_hospital_stays": Call(shows="{hospital_stay}"),
    "end_hospital_stay": Call(path={"stay_id": "{hospital_stay}"}, body={"discharged_on": "2026-02-12"}),
    "record_diagnosis": Call(
        body={**_OWN, "code": "I10.x00", "name": "高血压", "source": "own", "valid_from": "2026-01-01"}
    ),
    "list_diagnoses": Call(shows="{diagnosis}"),
    "end_diagnosis": Call(body=_UNTIL),
    "withdraw_diagnosis": Call(body={"because": "登记错人"}),
    "add_ltci_assessment": Call(body={"grade": 4, "district_id": "{district}", "valid_from": "2026-07-01"}),
    "list_ltci_assessments": Call(shows="{assessment}"),
    "end_ltci_assessment": Call(path={"row_id": "{assessment}"}, body={"valid_to": "2026-05-01"}),
    "end_coverage": Call(path={"row_id": "{coverage}"}, body={"valid_to": "2026-05-01"}),
    "add_notice_template": Call(
        body={"kind": "order_rejected", "provider_code": "SMS_2", "text": "请电${phone}", "valid_from": "2026-01-01"}
    ),
    "list_notice_templates": Call(shows="{template}"),
    "end_notice_template": Call(body=_UNTIL),
    "preview_notice_template": Call(),
    "read_notice_contact": Call(),
    "put_notice_contact": Call(body={"phone": None}),
    "list_notices": Call(shows="{notice}"),
    "receive_sms_reports": Call(path={"token": "{callback_token}"}, body=[]),
}  # fmt: skip

_CATALOG: Final = {
    "add_service_item": Call(
        body={"code": "NEW", "name": "新项目", "duration_minutes": 20, "order_kinds": ["home_visit"]}
    ),
    "list_service_items": Call(shows="血压测量"),
    "read_service_item": Call(shows="血压测量"),
    "change_service_item": Call(body={"name": "改名"}),
    "add_programme": Call(
        body={"code": "NEW", "name": "新项目", "payer": "财政", "items": [{"code": "BP", "per_year": 1}], **_SINCE},
        hidden_as="item-unknown",
    ),
    "list_programmes": Call(shows="{programme}"),
    "read_programme": Call(shows="{programme}"),
    "end_programme": Call(body=_UNTIL),
    "add_insurance_rule": Call(body={**_FUNDS, "plan_code": "EMPLOYEE", **_SINCE}),
    "list_insurance_rules": Call(shows="{rule}"),
    "end_insurance_rule": Call(body=_UNTIL),
    "add_ltci_rule": Call(
        body={
            "name": "长护险", "codes": ["BP"], "pay_ratio": "0.90", **_SINCE,
            "grades": [{"grade": 5, "monthly_cap": "1.00"}],
        },
        hidden_as="item-unknown",
    ),
    "list_ltci_rules": Call(shows="{ltci_rule}"),
    "end_ltci_rule": Call(path={"rule_id": "{ltci_rule}"}, body=_UNTIL),
    "add_price_limit": Call(
        body={"code": "NEW", "title": "每日一次", "codes": ["BP"], "per": "day", "maximum": 1, **_SINCE},
        hidden_as="item-unknown",
    ),
    "list_price_limits": Call(shows="{limit}"),
    "end_price_limit": Call(path={"limit_id": "{limit}"}, body=_UNTIL),
    "add_region_reduction_rule": Call(
        body={"code": "NEW", "title": "减免", "codes": ["BP"], "ratio": "0.5", **_SINCE}, hidden_as="item-unknown"
    ),
    "list_region_reduction_rules": Call(shows="{region_reduction}"),
    "end_region_reduction_rule": Call(path={"rule_id": "{region_reduction}"}, body=_UNTIL),
    "add_reduction_rule": Call(body={"code": "NEW", "title": "减免", "codes": ["BP"], "ratio": "0.5", **_SINCE}),
    "list_reduction_rules": Call(shows="{reduction}"),
    "end_reduction_rule": Call(path={"rule_id": "{reduction}"}, body=_UNTIL),
    "add_institution_level": Call(body={"level": "tertiary", "valid_from": "2026-07-01"}),
    "list_institution_levels": Call(shows="{level_row}"),
    "end_institution_level": Call(body={"valid_to": "2026-05-31"}),
    "designate_institution": Call(body={"plan_code": "EMPLOYEE", **_SINCE}),
    "list_designations": Call(shows="{designation}"),
    "change_designation": Call(body=_UNTIL),
    "add_price": Call(body={"code": "BP", "unit_price": "12.00", **_SINCE}),
    "list_prices": Call(shows="{price}"),
    "end_price": Call(body=_UNTIL),
    "list_prices_in_force": Call(shows="{price}"),
    "diff_prices": Call(query=_DAYS, shows='"BP"'),
    "import_prices": Call(body=_BOOK),
    "export_prices": Call(query={"sheet": "csv"}, shows="BP"),
    "add_level_price": Call(body={"code": "BP", "unit_price": "12.00", **_SINCE}, hidden_as="item-unknown"),
    "list_level_prices": Call(shows="{level_price}"),
    "end_level_price": Call(path={"price_id": "{level_price}"}, body=_UNTIL),
    "diff_level_prices": Call(query=_DAYS, shows='"BP"'),
    "import_level_prices": Call(body=_BOOK, hidden_as="price-book-refused"),
    "export_level_prices": Call(query={"sheet": "csv"}, shows="BP"),
    "propose_visit_fee_tariff": Call(body=PROPOSED),
    "list_tariff_proposals": Call(shows="{proposal}"),
    "approve_tariff_proposal": Call(),
    "withdraw_tariff_proposal": Call(body={"because": "重新测算"}),
    "list_published_tariff_notices": Call(shows="{proposal}"),
    "add_visit_fee_tariff": Call(
        body={
            "unit": "visit", "tiers": [{"up_to_km": "5", "price": "30.00"}], "distance_base": "institution",
            "distance_method": "great_circle", **_SINCE,
        },
        passed_with="tariff-needs-proposal",
    ),
    "list_visit_fee_tariffs": Call(shows="{tariff}"),
    "add_per_diem_agreement": Call(
        body={"kind": "palliative", "daily_rate": "80.00", "pay_ratio": "0.95", "year_cap": "15000.00", **_SINCE}
    ),
    "list_per_diem_agreements": Call(shows="{agreement}"),
    "end_per_diem_agreement": Call(body=_UNTIL),
    "end_visit_fee_tariff": Call(body=_UNTIL),
    "list_published_institutions": Call(),
    "add_package": Call(body={"code": "NEW", "name": "新包", "items": [{"code": "BP", "quantity": 1}], **_SINCE}),
    "list_packages": Call(shows="{package}"),
    "read_package": Call(shows="{package}"),
    "end_package": Call(body=_UNTIL),
    "sign_contract": Call(
        body={
            "person_id": "{person}", "package_id": "{package}", "doctor_id": "{doctor}", "signed_on": "2026-03-02",
            "valid_from": "2027-02-01", "valid_to": "2028-01-31",
        }
    ),
    "list_contracts": Call(shows="{contract}"),
    "read_contract": Call(shows="{contract}"),
    "terminate_contract": Call(body={"on": "2026-03-02", "reason": "moved_away"}),
    "enrol_in_programme": Call(
        body={"person_id": "{person}", "programme_id": "{programme_free}", "valid_from": "2026-03-01"}
    ),
    "list_programme_enrolments": Call(query={"person_id": "{person}"}, shows="{enrolment}"),
    "end_programme_enrolment": Call(body=_UNTIL),
    "list_entitlements": Call(),
    "record_entitlement_use": Call(
        body={**_USED, **_OWN, "external_no": "NEW-1", "service_on": "2026-03-02"}
    ),
    "list_entitlement_uses": Call(shows="{use}"),
    "read_entitlement_use": Call(shows="{use}"),
    "reverse_entitlement_use": Call(body={"reason": "退费"}),
    "open_entitlement": Call(body={**_USED, "on": "2026-03-01", "because": "原系统结转"}),
}  # fmt: skip

_WORK: Final = {
    "list_orders": Call(query={"limit": "200"}, shows="{submitted_order}"),
    "place_order": Call(body={**_ASKED, **_WINDOW, "mobility_reason": "偏瘫"}),
    "read_order": Call(shows="{submitted_order}"),
    "change_order": Call(body=_WINDOW),
    "exclude_practitioners": Call(body={"practitioner_ids": ["{practitioner}"]}, shows="{person}"),
    "accept_order": Call(),
    "reject_order": Call(body={"reason": "超出范围"}),
    "submit_order": Call(path={"order_id": "{draft_order}"}),
    "cancel_order": Call(body={"reason": "改期"}),
    "open_bed": Call(
        body={**_OWN, "person_id": "{stranger}", "doctor_id": "{doctor}", "opened_on": "2026-03-02"}, shows="{stranger}"
    ),
    "list_beds": Call(shows="{bed}"),
    "read_bed": Call(shows="{bed}"),
    "close_bed": Call(body={"closed_on": "2026-03-02", "reason": "好转"}),
    "pause_bed": Call(body={"from": "2026-03-02", "reason": "住院治疗"}),
    "resume_bed": Call(path={"bed_id": "{stay}"}, body={"on": "2026-01-16"}),
    "settle_bed_days": Call(path={"bed_id": "{stay}"}, body={"from": "2026-01-06", "to": "2026-01-11"}),
    "list_bed_settlements": Call(path={"bed_id": "{stay}"}, shows="{bed_settlement}"),
    "read_bed_settlement": Call(shows="{bed_settlement}"),
    "read_bed_settlement_case": Call(),
    "read_bed_settlement_proof": Call(),
    "reverse_bed_days": Call(
        path={"bed_id": "{stay}"}, body={"from": "2026-01-01", "to": "2026-01-06", "reason": "更正"}
    ),
    "add_dispatch_area": Call(
        body={"code": "NEW", "name": "新片区", "institution_ids": ["{institution}"]},
        hidden_as="area-institutions-invalid",
    ),
    "list_dispatch_areas": Call(shows="{area}"),
    "read_dispatch_area": Call(shows="{area}"),
    "change_dispatch_area": Call(body={"name": "改名"}),
    "add_overflow_agreement": Call(
        body={"giving_institution_id": "{elsewhere}", "helping_institution_id": "{institution}", **_SINCE},
        hidden_as="overflow-parties-invalid",
    ),
    "list_overflow_agreements": Call(shows="{overflow_agreement}"),
    "change_overflow_agreement": Call(path={"agreement_id": "{overflow_agreement}"}, body=_UNTIL),
    "follow_plan": Call(shows="published"),
    "request_plan": Call(body={"area_id": "{area}", "service_on": "2026-03-04"}),
    "list_plans": Call(shows="{plan}"),
    "read_plan": Call(shows="{plan}"),
    "read_plan_routes": Call(),
    "read_plan_kpis": Call(shows="{plan}"),
    "read_plan_comparison": Call(query={"with": "{plan}"}, shows="{plan}"),
    "read_plan_timeline": Call(),
    "read_plan_workbook": Call(),
    "explain_plan": Call(path={"plan_id": "{solved_plan}"}, shows="{solved_plan}"),
    "find_insertions": Call(path={"plan_id": "{solved_plan}"}, body={"order_id": "{accepted_order}"}),
    "list_open_windows": Call(path={"plan_id": "{solved_plan}"}, query={"order_id": "{accepted_order}"}),
    "request_repair": Call(path={"plan_id": "{solved_plan}"}, body={"seconds_limit": 1}),
    "publish_plan": Call(path={"plan_id": "{solved_plan}"}),
    "cancel_plan": Call(path={"plan_id": "{queued_plan}"}),
    "add_round_plan": Call(
        body={
            **_OWN, "person_id": "{person}", "kind": "home_visit", "items": [{"code": "BP"}], "every_days": 7,
            "mobility_reason": "偏瘫", "valid_from": "2026-03-02",
        }
    ),
    "list_round_plans": Call(shows="{round_plan}"),
    "end_round_plan": Call(body={"valid_to": "2026-06-30"}),
    "request_period_plan": Call(body={**_OWN, "from": "2026-03-04", "to": "2026-03-05"}),
    "read_period_plan": Call(shows="{round_plan}"),
    "accept_period_plan": Call(shows="{round_plan}"),
    "cancel_period_plan": Call(path={"period_plan_id": "{queued_period_plan}"}),
    "read_my_day": Call(query={"on": "2026-03-02"}, shows="{prepared_order}"),
    "report_visit_event": Call(
        body={"order_id": "{prepared_order}", "kind": "depart", "happened_at": "2026-03-02T08:50:00+08:00"}
    ),
    "perform_visit_item": Call(body={"code": "REHAB", "quantity": 1}),
    "add_visit_evidence": Call(body={"file_id": "{file}", "kind": "signature"}),
    "quote_visit": Call(body={"items": [{"code": "BP", "quantity": 1}]}),
    "give_visit_consent": Call(body={"amount": "10.00", "evidence_file_id": "{file}"}),
    "list_visit_consents": Call(shows="{consent}"),
    "list_parked_settlements": Call(query={"limit": "200"}, shows="{parked}"),
    "release_parked_settlement": Call(path={"parked_id": "{parked}"}, body={"reason": "已核实"}),
    "reject_parked_settlement": Call(path={"parked_id": "{parked}"}, body={"reason": "已核实"}),
    "report_no_show": Call(path={"visit_id": "{arrived_visit}"}),
    "decide_visit_exception": Call(body={"decision": "approved", "reason_code": "no_signal"}),
    "list_visits": Call(query={"limit": "200"}, shows="{in_service_visit}"),
    "read_visit": Call(shows="{in_service_visit}"),
    "ask_quote": Call(body={**_ASKED, "start_at": "2026-03-04T09:00:00+08:00"}),
    "read_quote": Call(shows="{quote}"),
    "settle_visit": Call(path={"visit_id": "{completed_visit}"}),
    "read_visit_settlement": Call(path={"visit_id": "{billed_visit}"}, shows="{settlement}"),
    "list_settlements": Call(shows="{settlement}"),
    "read_settlement": Call(shows="{settlement}"),
    "read_settlement_case": Call(),
    "read_settlement_proof": Call(),
    "reverse_settlement": Call(body={"reason": "更正"}),
    "resettle_settlement": Call(body={"reason": "补录签约"}, passed_with="bill-unchanged"),
    "list_resettlements": Call(query={"limit": "200"}, shows="{resettlement}"),
    "read_settlement_totals": Call(query={"from": "2026-03-01", "to": "2026-03-31"}),
    "read_statement": Call(path={"kind": "daily"}, query={"from": "2026-03-01", "to": "2026-03-31"}),
    "read_ratios": Call(query={"month_from": "2026-01", "month_to": "2026-03"}),
    "keep_file": Call(query=_OWN, body=JPEG),
    "read_file": Call(),
    "read_health": Call(),
    "read_readiness": Call(),
    METRICS: Call(),
}  # fmt: skip

CALLS: Final[Mapping[str, Call]] = _ACCOUNTS | _INSTITUTIONS | _PEOPLE | _CATALOG | _WORK
