"""The house looks as the README says, and speaks of itself alone."""

import re
import subprocess
from pathlib import Path

import pytest

ROOMS = sorted(path.parent.name for path in Path("service").glob("*/__init__.py"))
TRACKED = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_s_map_names_every_room_and_nothing_else(readme: str) -> None:
    named = set(re.findall(r"^│   ├── ([a-z_]+)/|^│   └── ([a-z_]+)/", Path(readme).read_text(), re.M))
    assert {first or second for first, second in named} == set(ROOMS)


def test_no_file_speaks_of_machines_or_registries() -> None:
    texts = [each for each in TRACKED if each.endswith((".py", ".md", ".toml", ".json", "Makefile", ".csv"))]
    words = ("/home/", "pypi.org", "registry.npmjs", "files.pythonhosted")
    contents = {path: Path(path).read_text() for path in texts if path != "tests/house/test_tree.py"}
    assert len(contents) > 1000
    assert [(path, word) for path, content in contents.items() for word in words if word in content] == []


@pytest.mark.parametrize("room", [each for each in ROOMS if (Path("service") / each / "models.py").exists()])
def test_a_room_with_tables_has_the_files_of_a_room(room: str) -> None:
    folder = Path("service") / room
    for name in ("errors", "rules", "schemas", "repository", "usecases", "routes"):
        assert (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists(), f"{room}/{name}"


def test_there_are_at_least_twelve_decisions_with_all_their_parts() -> None:
    pages = sorted(Path("docs/adr").glob("[0-9]*.md"))
    assert len(pages) >= 12
    for page in pages:
        text = page.read_text()
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequences", "Alternatives")), page


def test_make_alone_lists_the_commands() -> None:
    listed = subprocess.run(["make"], check=True, capture_output=True, text=True).stdout
    wanted = (
        "setup demo serve worker test test-processes test-fast test-long lint types house migration openapi bench"
        " trace check help"
    )
    assert all(f"make {each}" in listed for each in wanted.split())


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-bench.lock", "requirements-roads.lock"])
def test_the_locks_have_hashes_and_no_host(name: str) -> None:
    lock = Path(name).read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock
