"""What the hand-written contender asks before it settles: first with the locks, then, behind them, all at once."""

_TRIP = """
(select array_agg(row(v.id, v.order_id, v.institution_id, v.person_id, v.home_id, v.trip_id, v.mode, v.service_on,
                      v.started_at, v.verified, v.state,
    (select array_agg(row(s.who) order by s.who) from (select distinct e.practitioner_id as who from visit_events e
     where e.region_id = v.region_id and e.visit_id = v.id and e.kind = 'start') s),
    (select array_agg(row(i.code, i.quantity) order by i.code) from visit_items i
     where i.region_id = v.region_id and i.visit_id = v.id)) order by v.id)
 from visits v where v.region_id = $1 and (
    v.trip_key = (select trip_key from visits where region_id = $1 and id = $2)
    or v.trip_id = (select trip_id from visits where region_id = $1 and id = $2)))
"""
CLAIM = f"""
select pg_try_advisory_xact_lock($3) as claimed, {_TRIP} as trip, billing_hold_visit($1, $2) as held,
    (select a from idempotent_answers a
     where a.region_id = $1 and a.account_id = $4 and a.route = $5 and a.key = $6) as known
"""
_DAY = "region_id = $1 and valid_from <= $5 and (valid_to is null or valid_to >= $5)"
# whole rows: their types are known to the driver, so that nothing travels as JSON
KNOWN = f"""
select $1::uuid as region, {_TRIP} as trip,
    (select row(s.id, s.seq, s.trip_round, exists (
        select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id))
     from settlements s where s.region_id = $1 and s.visit_id = $2 order by s.seq desc limit 1) as last,
    (select k.state from parked_settlements k where k.region_id = $1 and k.visit_id = $2
     order by k.id desc limit 1) as parked,
    (select array_agg(row(l.practitioner_id, l.valid_from, l.valid_to)) from billing_crew_licences($8) l) as licences,
    (select row(f.round, f.fee_fen, f.shares, exists (
        select 1 from settlements s where s.region_id = f.region_id and s.trip_id = f.trip_id
        and s.home_id = f.home_id and not exists (
            select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)))
     from visit_fees f where f.region_id = $1 and f.trip_id = $9 and f.home_id = $10
     order by f.round desc limit 1) as round,
    (select array_agg(row(o.id, o.state, o.distance_metres, (
        select coalesce(max(m.seq), 0) + 1 from order_moves m where m.region_id = o.region_id and m.order_id = o.id)))
     from orders o where o.region_id = $1 and o.id = any($11)) as orders,
    (select array_agg(row(h.entitlement_id, h.units)) from entitlements_held($6) h) as own,
    (select row(q.gross_fen, q.bill -> 'lines') from quotes q where q.region_id = $1 and q.order_id = $6
     order by coalesce(q.accepted_at, q.quoted_at) desc, q.id desc limit 1) as quote,
    billing_settled_that_day($4, $5) as settled_that_day,
    exists (select 1 from hospital_stays h where h.region_id = $1 and h.person_id = $4 and h.admitted_on <= $5
            and (h.discharged_on is null or h.discharged_on >= $5)) as in_hospital,
    (select i from institutions i where i.region_id = $1 and i.id = $3) as institution,
    (select array_agg(s) from setting_rows s where {_DAY} and (institution_id is null or institution_id = $3))
        as settings,
    (select array_agg(m order by m.id) from service_modes m where region_id = $1 and institution_id = $3) as modes,
    (select t from visit_fee_tariffs t where {_DAY} and institution_id = $3) as tariff,
    (select array_agg(d) from institution_designations d where {_DAY} and institution_id = $3) as designations,
    (select array_agg(p order by p.id) from price_rows p where {_DAY} and code = any($7)
     and (institution_id = $3 or level = (select level from institution_levels where {_DAY} and institution_id = $3)))
        as prices,
    (select array_agg(l order by l.code) from price_limits l where {_DAY}) as limits,
    (select array_agg(r order by r.id) from reduction_rules r
     where {_DAY} and (institution_id is null or institution_id = $3)) as reductions,
    (select array_agg(r) from ltci_rules r where {_DAY}) as ltci_rules,
    (select array_agg(a order by a.valid_from) from ltci_assessments a where region_id = $1 and person_id = $4)
        as assessments,
    (select p from patients p where p.region_id = $1 and p.id = $4) as person,
    (select array_agg(g) from key_group_rows g where g.region_id = $1 and g.person_id = $4) as groups,
    (select array_agg(c order by c.valid_from) from coverages c where c.region_id = $1 and c.person_id = $4)
        as coverages,
    (select array_agg(r) from insurance_rules r where {_DAY}) as insurances,
    (select array_agg(e order by e.valid_from, e.id) from programme_enrolments e where {_DAY} and person_id = $4)
        as enrolments,
    (select array_agg(p order by p.id) from programmes p where {_DAY}) as programmes,
    (select array_agg(i order by i.code) from programme_items i join (select id from programmes where {_DAY}) p
     on p.id = i.programme_id where i.region_id = $1) as paid,
    (select array_agg(row(c.contract_id, c.institution_id, c.signed_on, c.valid_from, c.valid_to, c.terminated_on,
                          c.covers_visit_fee, c.capitated_codes, c.items, c.income_class))
     from contracts_cover_at($4, $5, $3) c) as covers,
    (select array_agg(row(b.entitlement_id, b.source, b.ref_id, b.code, b.period, b.cap, b.counting, b.used,
                          b.reserved, b.closed_on) order by b.entitlement_id)
     from entitlements_standing($4) b) as balances,
    (select row(b.bed_id, b.institution_id, b.opened_on, b.closed_on, b.payment, b.excluded_codes, b.kind, b.pauses,
                b.daily_rate, b.pay_ratio, b.year_cap_fen, b.institution_share) from beds_stay_on($4, $5) b) as bed
"""
