"""Every column that holds sealed text, in one list: what a rotation of the field keys seals again."""

from typing import Final

from service.accounts.models import SecondFactor
from service.core.idempotency import BODY, IdempotentAnswer
from service.core.sealing import SealedColumn
from service.notices.models import Notice, NoticeContact
from service.patients.models import Home, HomeReview, Patient

SEALED: Final = (
    SealedColumn(IdempotentAnswer, "body_sealed", BODY),
    SealedColumn(SecondFactor, "secret_sealed", "second_factors.secret"),
    SealedColumn(Home, "address_sealed", "homes.address"),
    SealedColumn(HomeReview, "found_sealed", "homes.address"),
    SealedColumn(Patient, "id_number_sealed", "patients.id_number"),
    SealedColumn(Patient, "phone_sealed", "patients.phone"),
    SealedColumn(NoticeContact, "phone_sealed", "notice_contacts.phone"),
    SealedColumn(Notice, "phone_sealed", "notices.phone"),
    SealedColumn(Notice, "parameters_sealed", "notices.parameters"),
)
