"""Identity and phone numbers: what can exist, what an identity number says of its owner, and how either is shown.

Sources: GB 11643-1999 (citizens), the residence permits of Hong Kong, Macau and Taiwan residents (81, 82, 83) and the
foreigner's permanent residence card of 2023 (9…), which all share its eighteen places.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import phonenumbers

from service.patients import errors
from service.patients.rules import Sex

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_PROVINCES: Final = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)
)


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An identity number that can exist, its check character in upper case, and what it says."""

    text: str
    born_on: date
    sex: Sex


def read_id_number(text: str) -> IdNumber:
    """Return what an identity number says; a lower-case x is taken for X.

    Raises:
        IdNumberInvalid: not 18 places, no such province, no such birthday, or a wrong check digit.
    """
    number = text.strip().upper()
    if len(number) != 18 or not (number.isascii() and number[:17].isdigit()):
        raise errors.IdNumberInvalid(reason="应为 18 位")
    if int(number[:2]) not in _PROVINCES and number[0] != "9":
        raise errors.IdNumberInvalid(reason="前两位地区码不存在")
    if check_digit(number[:17]) != number[17]:
        raise errors.IdNumberInvalid(reason="校验码不符")
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise errors.IdNumberInvalid(reason="出生日期不存在") from None
    return IdNumber(number, born_on, Sex.male if int(number[16]) % 2 else Sex.female)


def widen_id_number(text: str) -> str:
    """Return an identity number of the first generation (15 digits, people born in 19..) with its 18 places.

    Anything else comes back as it is. Source: GB 11643-1999, the number of 1989 with the century and a check character.
    """
    if len(text) != 15 or not (text.isascii() and text.isdigit()):
        return text
    body = f"{text[:6]}19{text[6:]}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """Return the check character of the first 17 digits (ISO 7064, MOD 11-2)."""
    return _CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def refuse_disagreement(number: IdNumber, *, born_on: date, sex: Sex, today: date) -> None:
    """Refuse a birthday or a sex that the identity number contradicts, and a birthday to come.

    Raises:
        IdNumberInvalid: the number is nobody's yet.
        IdNumberDisagrees: names the field.
    """
    if number.born_on > today:
        raise errors.IdNumberInvalid(reason="出生日期晚于今天")
    if number.born_on != born_on:
        raise errors.IdNumberDisagrees(field="出生日期", pointer="#/born_on")
    if number.sex is not sex:
        raise errors.IdNumberDisagrees(field="性别", pointer="#/sex")


def read_phone(text: str) -> str:
    """Return a Chinese phone number (mobile or landline) as E.164.

    Raises:
        PhoneInvalid: no such number can exist.
    """
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        raise errors.PhoneInvalid from None
    if number.country_code != 86 or not phonenumbers.is_valid_number(number):
        raise errors.PhoneInvalid
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask(text: str, *, head: int, tail: int) -> str:
    """Return `text` with everything between its first `head` and last `tail` characters as `*`."""
    hidden = max(len(text) - head - tail, 0)
    return text[:head] + "*" * hidden + text[head + hidden :]


def mask_id_number(text: str) -> str:
    """Return an identity number as it may be shown: 6402**********1234."""
    return mask(text, head=4, tail=4)


def mask_phone(text: str) -> str:
    """Return a phone number (E.164) as it may be shown: +86138****5678."""
    return mask(text, head=6, tail=4)
