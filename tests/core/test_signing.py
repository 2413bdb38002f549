"""Tokens are ours, for one audience, for a while."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.core.keyring import Keyring, SecretKey, SigningKey
from service.core.signing import Signer, TokenInvalid

OLD, NEW = (SigningKey(kid, Ed25519PrivateKey.generate()) for kid in ("old", "new"))
INDEX = SecretKey("index", b"i" * 32)
SIGNER = Signer(Keyring((OLD,), (), INDEX))


def sign(signer: Signer = SIGNER, *, seconds: int = 60, age: int = 0, **claims: Any) -> str:
    now = datetime.now(UTC) - timedelta(seconds=age)
    return signer.sign({"sub": "s"} | claims, audience="a", now=now, seconds=seconds)


def forge(key: Any, algorithm: str, **changes: Any) -> str:
    now = datetime.now(UTC)
    claims = {"sub": "s", "iss": "xunzhen", "aud": "a", "iat": now, "exp": now + timedelta(minutes=1)} | changes
    return jwt.encode(
        {k: v for k, v in claims.items() if v is not None}, key, algorithm=algorithm, headers={"kid": "old"}
    )


class TestSigner:
    def test_what_was_signed_is_believed(self) -> None:
        assert SIGNER.verify(sign(quote=7), audience="a")["quote"] == 7

    def test_it_is_for_one_audience(self) -> None:
        with pytest.raises(TokenInvalid):
            SIGNER.verify(sign(), audience="b")

    def test_it_runs_out(self) -> None:
        assert SIGNER.verify(sign(seconds=60, age=55), audience="a")
        with pytest.raises(TokenInvalid):
            SIGNER.verify(sign(seconds=60, age=61), audience="a")

    def test_what_was_believed_once_runs_out_as_well(self) -> None:
        token = sign(seconds=60, age=59)
        assert [SIGNER.verify(token, audience="a")["sub"] for _ in range(2)] == ["s", "s"]
        with pytest.raises(TokenInvalid):
            SIGNER.verify(token, audience="b")
        time.sleep(1.1)
        with pytest.raises(TokenInvalid):
            SIGNER.verify(token, audience="a")

    def test_what_was_believed_is_no_more_once_its_key_is_dropped(self) -> None:
        changed: list[Keyring] = []
        seconds, token = [0.0], sign()
        signer = Signer(
            Keyring((NEW, OLD), (), INDEX), renewed=lambda: changed.pop() if changed else None, clock=lambda: seconds[0]
        )
        assert [signer.verify(token, audience="a")["sub"] for _ in range(2)] == ["s", "s"]
        changed.append(Keyring((NEW,), (), INDEX))
        seconds[0] = 1000.0
        with pytest.raises(TokenInvalid):
            signer.verify(token, audience="a")

    def test_it_does_not_remember_without_end(self) -> None:
        signer = Signer(Keyring((OLD,), (), INDEX))
        for number in range(5000):
            signer.verify(sign(number=number), audience="a")
        assert len(signer._good) < 5000

    def test_after_a_rotation_the_old_is_still_believed_and_the_new_key_signs(self) -> None:
        rotated = Signer(Keyring((NEW, OLD), (), INDEX))
        assert rotated.verify(sign(), audience="a")
        assert jwt.get_unverified_header(sign(rotated))["kid"] == "new"
        with pytest.raises(TokenInvalid):
            SIGNER.verify(sign(rotated), audience="a")

    def test_the_algorithm_is_not_the_tokens_choice(self) -> None:
        public = OLD.private.public_key().public_bytes_raw()
        for forged in (forge(None, "none"), forge(public, "HS256")):
            with pytest.raises(TokenInvalid):
                SIGNER.verify(forged, audience="a")

    def test_a_foreign_key_of_the_same_name_is_not_ours(self) -> None:
        with pytest.raises(TokenInvalid):
            SIGNER.verify(forge(Ed25519PrivateKey.generate(), "EdDSA"), audience="a")

    @pytest.mark.parametrize("without", ["sub", "exp", "iat", "aud", "iss"])
    def test_every_claim_must_be_there(self, without: str) -> None:
        assert SIGNER.verify(forge(OLD.private, "EdDSA"), audience="a")
        with pytest.raises(TokenInvalid):
            SIGNER.verify(forge(OLD.private, "EdDSA", **{without: None}), audience="a")

    @pytest.mark.parametrize(
        "token",
        ["", "x", "..", "a.b.c", "\ud800", "€.€.€", "eyJraWQiOiBbXX0.e30.", "eyJraWQiOiBudWxsfQ.e30.", "W10.e30."],
    )
    def test_noise_is_refused(self, token: str) -> None:
        with pytest.raises(TokenInvalid):
            SIGNER.verify(token, audience="a")
