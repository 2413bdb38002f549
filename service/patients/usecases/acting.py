"""Who acts for a person: his own account, bound once, and proxies with rights, an end and a revocation."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.http import House
from service.core.ids import new_id
from service.core.principal import Principal
from service.patients import errors, facts, relation_repository, rules, schemas
from service.patients.usecases import answers
from service.patients.usecases.people import index_of


async def bind_account(session: AsyncSession, *, house: House, draft: schemas.BindingCreate) -> schemas.BindingRead:
    """Make an elder's account the own account of the person with this number and name.

    Raises:
        IdNumberInvalid: the number cannot exist.
        problems.NotFound: nobody has this number and name, or there is no such elder's account; which, stays secret.
        AlreadyBound, AlreadyActsForPerson: the person or the account is bound.
    """
    index = index_of(house, draft.id_number)
    person_id = await relation_repository.bind_account(session, index, draft.name, draft.account_id, "实名绑定")
    if person_id is None:
        raise problems.NotFound(what="姓名与证件号码相符的居民或可绑定的账号")
    return schemas.BindingRead(person_id=person_id, account_id=draft.account_id)


async def require_grant(
    session: AsyncSession, principal: Principal, person_id: UUID, now: datetime
) -> frozenset[rules.RelationKind]:
    """Refuse unless the principal is the person himself, or staff of an institution that cares for him.

    Raises:
        problems.NotFound: he has nothing to do with the person; existence stays secret.
        RightMissing: he is a proxy.
    """
    found = await answers.relations_to(session, principal=principal, person_id=person_id, now=now)
    if not found:
        raise problems.NotFound(what="居民")
    kinds = frozenset(each.kind for each in found)
    if rules.RelationKind.institution not in kinds and rules.Right.grant not in rules.rights_of(found):
        raise errors.RightMissing(right=str(rules.Right.grant))
    return kinds


async def grant_proxy(
    session: AsyncSession, *, principal: Principal, person_id: UUID, draft: schemas.ProxyCreate, now: datetime
) -> schemas.ProxyRead:
    """Let an account act for a person: by himself, or by staff from a signed paper.

    Raises:
        problems.NotFound: no such person, or no account of an elder or a proxy with this id.
        RightMissing: the principal is neither the person nor staff of an institution that cares for him.
        PaperMissing, ProxyEndsInThePast, PersonDeceased: not like this.
        AlreadyActsForPerson, TooManyProxies, TooManyElders: said by the database.
    """
    kinds = await require_grant(session, principal, person_id, now)
    rules.refuse_deceased(await answers.get_person(session, region_id=principal.region_id, person_id=person_id))
    if rules.RelationKind.institution in kinds and draft.paper_no is None:
        raise errors.PaperMissing
    if draft.valid_to is not None and draft.valid_to <= now:
        raise errors.ProxyEndsInThePast
    proxy = schemas.ProxyRead(
        id=new_id(),
        person_id=person_id,
        account_id=draft.account_id,
        account_name="",
        relation=draft.relation,
        rights=rules.sorted_rights(rules.granted(draft.rights)),
        valid_from=now,
        valid_to=draft.valid_to,
        because="本人授权" if draft.paper_no is None else f"纸质授权书 {draft.paper_no}",
    )
    granted = await relation_repository.grant_proxy(
        session,
        proxy_id=proxy.id,
        person_id=person_id,
        account_id=proxy.account_id,
        kinship=proxy.relation,
        rights=proxy.rights,
        until=proxy.valid_to,
        because=proxy.because,
    )
    if not granted:
        raise problems.NotFound(what="代办人账号")
    names = await relation_repository.proxy_names(session, person_id)
    return proxy.model_copy(update={"account_name": names[proxy.account_id]})


def _read(proxy: rules.RelationFacts, names: Mapping[UUID, str]) -> schemas.ProxyRead:
    if proxy.account_id is None or proxy.kinship is None or proxy.valid_from is None:
        raise ValueError(f"care relation {proxy.id} is no proxy that was ever in force")
    return schemas.ProxyRead(
        id=proxy.id,
        person_id=proxy.person_id,
        account_id=proxy.account_id,
        account_name=names[proxy.account_id],
        relation=proxy.kinship,
        rights=rules.sorted_rights(proxy.rights),
        valid_from=proxy.valid_from,
        valid_to=proxy.valid_to,
        because=proxy.because,
    )


async def list_proxies(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> list[schemas.ProxyRead]:
    """Return the proxies of a person who are in force.

    Raises:
        problems.NotFound, RightMissing: the principal may not see the person.
    """
    await answers.require_right(session, principal=principal, person_id=person_id, right=rules.Right.view, now=now)
    rows = await relation_repository.list_proxies(session, principal.region_id, person_id, now)
    names = await relation_repository.proxy_names(session, person_id)
    return [_read(facts.relation(row), names) for row in rows]


async def revoke_proxy(
    session: AsyncSession, *, principal: Principal, person_id: UUID, proxy_id: UUID, now: datetime
) -> schemas.ProxyRead:
    """End a proxy at once.

    Raises:
        problems.NotFound: no such person or proxy.
        RightMissing: the principal is neither the person nor staff of an institution that cares for him.
        ProxyEnded: it has ended already.
    """
    await require_grant(session, principal, person_id, now)
    row = await relation_repository.lock_proxy(session, principal.region_id, person_id, proxy_id)
    if row is None:
        raise problems.NotFound(what="授权")
    before = facts.relation(row)
    if before.valid_from is None or (before.valid_to is not None and before.valid_to <= now):
        raise errors.ProxyEnded
    relation_repository.end_relation(row, started=before.valid_from, now=now)
    await session.flush()
    names = await relation_repository.proxy_names(session, person_id)
    return _read(before, names).model_copy(update={"valid_to": now})
