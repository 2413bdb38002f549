"""Passwords: what is kept of them, and that nobody learns from the time taken whether an account exists."""

from argon2 import extract_parameters

from service.core import passwords


async def test_only_the_password_itself_fits_its_hash() -> None:
    hashed = await passwords.hash_password("一个全新的密码")
    assert await passwords.password_fits("一个全新的密码", hashed)
    assert not await passwords.password_fits("一个全新的密吗", hashed)


async def test_nothing_fits_an_unknown_account() -> None:
    assert not await passwords.password_fits("一个全新的密码", None)


async def test_an_unknown_account_costs_the_passes_and_the_memory_of_a_known_one() -> None:
    # extract_parameters refuses what Argon2 would refuse to verify, which would cost nothing
    known = extract_parameters(await passwords.hash_password("一个全新的密码"))
    assert extract_parameters(passwords._NOBODYS) == known
