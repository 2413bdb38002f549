from datetime import UTC, datetime

import pytest

from service.gateways.sms import acs3

AT = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC)
KEY = acs3.Credentials("YourAccessKeyId", "YourAccessKeySecret")


class TestSignedHeaders:
    def test_agree_with_the_provider_s_published_example(self) -> None:
        call = acs3.Call(
            "ecs.cn-shanghai.aliyuncs.com",
            "RunInstances",
            "2014-05-26",
            {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        )
        headers = acs3.signed_headers(call, KEY, at=AT, nonce="3156853299f313e23d1673dc12e1703d")
        assert headers["x-acs-date"] == "2023-10-26T10:22:32Z"
        assert headers["authorization"] == (
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
            "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
            "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        )

    def test_name_the_moment_in_utc(self) -> None:
        local = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
        headers = acs3.signed_headers(acs3.Call("h", "A", "v", {}), KEY, at=local, nonce="n")
        assert headers["x-acs-date"] == "2026-03-02T01:00:00Z"


class TestCanonicalQuery:
    @pytest.mark.parametrize(
        ("value", "encoded"), [(" ", "%20"), ("*", "%2A"), ("~", "~"), ("+", "%2B"), ("王", "%E7%8E%8B"), ("/", "%2F")]
    )
    def test_encodes_as_rfc_3986_has_it(self, value: str, encoded: str) -> None:
        assert acs3.canonical_query({"a": value}) == f"a={encoded}"

    def test_sorts_by_name(self) -> None:
        assert acs3.canonical_query({"b": "1", "B": "2", "a": "3"}) == "B=2&a=3&b=1"


def test_a_secret_does_not_show_when_credentials_are_printed() -> None:
    assert "YourAccessKeySecret" not in repr(KEY)
