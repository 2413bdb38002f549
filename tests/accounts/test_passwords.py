"""Passwords: what anybody could guess is refused, one's own of before too, and one that was given is changed first."""

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import errors, rules
from service.accounts.rules import Role
from tests.accounts.logins import PASSWORD, Person, ask, bearer, hire, refresh, status_with
from tests.world import World

NEW = "一个全新的密码呀呀呀"


def refusal(password: str) -> str | None:
    try:
        rules.refuse_weak(password, username="zhang.min", display_name="张敏护士长")
    except errors.PasswordTooWeak as weak:
        return str(weak.facts["reason"])
    return None


class TestRefuseWeak:
    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("zhang.min", "name"),
            ("ZHANG.MIN1", "name"),
            ("张敏护士长", "name"),
            ("张敏护士长！！1", "name"),
            ("9876501234", "digits_only"),
            ("2026-03-02!", "digits_only"),
            ("aaaaaaaaaaaa", "repeated"),
            ("abababababab", "repeated"),
            ("ａａａａｂｂｂｂａａａａ", "repeated"),
            ("wj13812345678", "number"),
            ("zm19800213", "number"),
            ("lm110101198001011234", "number"),
            ("11010119800101123x", "number"),
            ("qwertyuiop", "run"),
            ("Poiuytrewq1", "run"),
            ("abcd1234qwer", "run"),
            ("asdfghjkl;;1", "run"),
            ("password123!", "common"),
            ("P@ssw0rd2026", "common"),
            ("2026xunzhen!!", "common"),
            ("adminadmin12", "common"),
            ("Welcome2026!", "common"),
        ],
    )
    def test_says_why(self, password: str, reason: str) -> None:
        assert refusal(password) == reason

    @pytest.mark.parametrize(
        "password",
        [
            PASSWORD,
            NEW,
            "first-day-2026",
            "correct horse battery",
            "tR7#kq0Lw2zB",
            "春眠不觉晓处处闻啼鸟",
            "mobile-13812345678-x",
        ],
    )
    def test_lets_others_pass(self, password: str) -> None:
        assert refusal(password) is None

    @given(st.text(st.sampled_from(string.printable + "护士一二三"), min_size=0, max_size=128))
    def test_answers_for_any_text(self, password: str) -> None:
        assert refusal(password) in {None, "name", "digits_only", "repeated", "number", "run", "common"}

    @given(st.sampled_from(["qwertyuiop", "abcdefghijklm", "9876543210"]), st.text("ab1", max_size=3))
    def test_a_run_stays_a_run_with_three_characters_behind_it(self, run: str, tail: str) -> None:
        assert refusal(run + tail) in {"run", "digits_only", "number"}


class TestPolicy:
    @pytest.fixture
    async def nurse(self, world: World) -> Person:
        return await hire(world)

    async def test_holds_wherever_a_password_is_set(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        async with bearer(world, token["access_token"]) as client:
            own = await client.post("/me/password", json={"old_password": PASSWORD, "new_password": "qwertyuiop12"})
        body = {
            "username": "n.weak", "role": "nurse", "display_name": "某人", "password": "password1234",
            "institution_ids": [str(world.institution_id)],
        }  # fmt: skip
        async with await world.as_role(Role.institution_admin) as client:
            made = await client.post("/accounts", json=body)
            reset = await client.patch(f"/accounts/{nurse.account_id}", json={"password": "1234567890"})
        for answer in (own, made, reset):
            assert (answer.status_code, answer.json()["code"]) == (422, "password-too-weak")

    async def test_the_last_five_are_not_used_again(self, world: World, nurse: Person) -> None:
        token = await nurse.log_in()
        chain = [PASSWORD, *(f"又一个不同的新密码之{n}" for n in "甲乙丙丁戊")]
        async with bearer(world, token["access_token"]) as client:
            for old, new in itertools.pairwise(chain):
                same = await client.post("/me/password", json={"old_password": old, "new_password": old})
                assert (same.status_code, same.json()["code"]) == (409, "password-used-before")
                changed = await client.post("/me/password", json={"old_password": old, "new_password": new})
                assert changed.status_code == 204, changed.text
            fourth = await client.post("/me/password", json={"old_password": chain[-1], "new_password": chain[1]})
            fifth = await client.post("/me/password", json={"old_password": chain[-1], "new_password": chain[0]})
        assert (fourth.status_code, fifth.status_code) == (409, 204)

    async def test_one_that_was_given_is_changed_before_anything_else(self, world: World, nurse: Person) -> None:
        async with await world.as_role(Role.institution_admin) as client:
            assert (await client.patch(f"/accounts/{nurse.account_id}", json={"password": NEW})).status_code == 200
        token = await nurse.log_in(password=NEW)
        assert (token["scope"], token["due"]) == ("accounts:secure", ["change-password"])
        assert await status_with(world, token["access_token"], "/institutions") == 403
        # a refresh brings no more, until it is changed
        token = (await refresh(world, token)).json()
        assert token["due"] == ["change-password"]
        async with bearer(world, token["access_token"]) as client:
            kept = await client.post("/me/password", json={"old_password": NEW, "new_password": NEW})
            changed = await client.post(
                "/me/password", json={"old_password": NEW, "new_password": "这回是我自己想的密码"}
            )
        assert (kept.status_code, changed.status_code) == (409, 204)
        renewed = (await refresh(world, token)).json()
        assert renewed["due"] == []
        assert await status_with(world, renewed["access_token"], "/institutions") == 200
        assert (await ask(world, nurse.grant(password=NEW))).status_code == 401

    async def test_nobody_resets_his_own(self, world: World) -> None:
        account_id = await world.add_account(Role.institution_admin, world.institution_id)
        async with world.client(world.principal(Role.institution_admin, account_id)) as client:
            answer = await client.patch(f"/accounts/{account_id}", json={"password": NEW})
        assert (answer.status_code, answer.json()["code"]) == (409, "not-yourself")
