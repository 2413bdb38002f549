"""Logs are one JSON object a line, and name nobody."""

import json

import pytest

from service.core import logs


class TestLogs:
    def test_a_field_that_could_name_a_person_is_blanked(self, capsys: pytest.CaptureFixture[str]) -> None:
        logs.configure("INFO")
        logs.get_logger("test").info("registered", id_number="640299194505010019", phone="13800000000", person_id="p1")
        line = json.loads(capsys.readouterr().out.splitlines()[-1])
        logs.configure("ERROR")
        assert (line["id_number"], line["phone"], line["person_id"]) == ("[removed]", "[removed]", "p1")
        assert line["event"] == "registered"

    def test_what_is_below_the_level_is_not_written(self, capsys: pytest.CaptureFixture[str]) -> None:
        logs.configure("ERROR")
        logs.get_logger("test").warning("hidden")
        assert capsys.readouterr().out == ""
