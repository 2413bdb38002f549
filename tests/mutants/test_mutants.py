"""The planted bugs of this folder fit the code as it stands; `make mutants` runs the suite against each of them."""

import subprocess
from pathlib import Path

import pytest

from scripts import mutants

ROOT = Path(__file__).parent.parent.parent
PLANTED = mutants.list_mutants(ROOT / "tests/mutants")


def test_there_are_enough_of_them():
    assert len(PLANTED) >= 60
    assert {mutant.suite for mutant in PLANTED} == mutants.SUITES.keys()


@pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
def test_applies_to_the_service_alone(mutant):
    assert mutant.title.endswith(".")
    assert all(path.startswith("service/") for path in mutant.paths)
    command = ["git", "apply", "--check", str(mutant.path)]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("suite", mutants.SUITES)
def test_the_tests_that_shall_catch_them_exist(suite):
    paths = [argument for argument in mutants.SUITES[suite] if not argument.startswith("-")]
    assert paths
    assert all((ROOT / path).exists() for path in paths)
