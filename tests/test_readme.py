"""README and docs: what they name exists, and what they show is accepted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capacity import cli, plots, reading
from capacity.checker.rules import RULES
from capacity.scenario import Scenario
from docs import reference

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """Code blocks of a page in one language."""
    fenced = rf"^```{language}\n(.*?)^```$"
    return re.findall(fenced, page.read_text(), re.MULTILINE | re.DOTALL)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


# ------------------------------------------------------------------------- README


def test_the_readme_opens_with_two_commands_that_need_only_python() -> None:
    opening = README.split("```")
    assert len(opening[0].splitlines()) <= 4
    plan, tests = blocks(ROOT / "README.md", "sh")[0].splitlines()
    for command in (plan, tests):
        programs = [part.split()[0] for part in command.split(" && ")]
        assert programs[0] == "python3"
        assert all(program.startswith(".venv/bin/") for program in programs[1:])
    assert "capacity solve scenarios/base.yaml -o runs/base" in plan
    assert plan.endswith("capacity check runs/base")
    assert "pytest" in tests


def test_the_readme_lists_every_exit_code() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)]
    assert codes == [0, 1, 2, 3, 4, 5, 7, 130]


def test_the_readme_shows_every_command() -> None:
    commands = {
        command.name or getattr(command.callback, "__name__", "")
        for command in cli.app.registered_commands
    }
    shown = set(re.findall(r"`capacity (\w+)[^`]*`", README))
    assert commands <= shown


# --------------------------------------------------------------------- every page


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    assert [each for each in local if not (page.parent / each).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_path_that_is_named_exists(page: Path) -> None:
    named = re.findall(
        r"`((?:capacity|tests|scenarios|docs)/[\w./]*)`", page.read_text()
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_index_of_the_docs_links_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" in index} == pages


def test_every_room_stands_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {
        path.stem if path.suffix else path.name
        for path in (ROOT / "capacity").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {room for room in rooms if f"`{room}`" not in text} == {
        "__init__",
        "__main__",
    }


# ------------------------------------------------------------------ pages for planners


def shown(page: str) -> list[list[str]]:
    """Commands of a page, as words, with little work."""
    lines = "".join(blocks(ROOT / "docs" / page, "sh")).splitlines()
    called = [re.sub(r"--work \S+", "--work 0.2", line) for line in lines]
    return [shlex.split(line)[1:] for line in called if line.startswith("capacity ")]


def shorten(folder: Path) -> None:
    """Leave the worked case the orders of half a year, so that it is planned at once."""
    base = folder / "base.yaml"
    whole = reading.read(base).scenario
    base.rename(folder / "whole.yaml")
    rows = ["extends: whole.yaml\nname: base\nqualifications:\n"]
    for each in whole.qualifications:
        gone = each.orders or each.id == "ADC-B-antibody@SON"  # the orders go
        change = "remove: true" if gone else "after: null"
        rows.append(f"  - {{id: {each.id}, {change}}}\n")
    rows += [
        "licences:\n",
        "  - {id: ADC-B-antibody@SON:FDA, programme: ADC-B, step: antibody, site: SON,"
        " market: FDA, from: 2030-01-31}\n",
    ]
    rows += ["drop:\n"]
    rows += [f"  - {{contract: {c.id}, from: 2026-07-01}}\n" for c in whole.contracts]
    base.write_text("".join(rows))


def test_every_command_that_the_pages_show_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    drawn = 0
    for page in ("quick_start.md", "pictures.md", "questions.md"):
        for words in shown(page):
            ended = CliRunner().invoke(cli.app, words)
            assert ended.exit_code == 0, (page, words, ended.output)
            drawn += ended.output.endswith(".png\n")
            if words[0] == "init":
                shorten(tmp_path / words[1])
    assert drawn >= 8


def test_the_python_that_the_pages_show_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    (code,) = blocks(ROOT / "docs" / "pictures.md", "python")
    exec(code, {})
    assert (tmp_path / "heatmap.png").read_bytes().startswith(b"\x89PNG")


def test_every_picture_has_its_place_on_the_page_that_explains_them() -> None:
    text = (ROOT / "docs" / "pictures.md").read_text()
    figures = {name for name in plots.__all__ if name.endswith("_figure")}
    figures -= {"compared_figure", "front_figure"}  # not commands of their own
    assert {name for name in figures if f"`{name}`" in text} == figures
    commands = {name.removesuffix("_figure") for name in figures}
    assert set(re.findall(r"^## `capacity (\w+)`", text, re.MULTILINE)) == commands
    assert set(re.findall(r"\((\w+)\.png\)", text)) == commands


def test_every_word_of_the_readme_is_in_the_glossary() -> None:
    words = README.split("## Words")[1].split("## ")[0]
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \|", words, re.MULTILINE)
    named = {word.strip() for row in rows[1:] for word in row.split(",")}
    assert {word for word in named if word not in glossary} == set()


def test_the_reference_is_what_the_code_says() -> None:
    made = "made from the code: python docs/reference.py"
    assert reference.PAGE.read_text() == reference.page(), made


# ------------------------------------------------------------- describing a network


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """The scenario that the pieces of docs/scenario.md make."""
    page = ROOT / "docs" / "scenario.md"
    pieces = blocks(page, "yaml")
    whole = [piece for piece in pieces if not piece.startswith("extends:")]
    (tmp_path / "my_network.yaml").write_text("\n".join(whole))
    (tmp_path / "my_orders.csv").write_text(*blocks(page, "csv"))
    for number, piece in enumerate(piece for piece in pieces if piece not in whole):
        (tmp_path / f"what_if_{number}.yaml").write_text(piece)
    return tmp_path / "my_network.yaml"


def test_the_pieces_of_the_scenario_page_are_a_whole_scenario(network: Path) -> None:
    scenario = reading.read(network).scenario
    # 14 + 2 days in four reactors, 2026-09-30 and 90 days, nine months on.
    assert {suite.id for suite in scenario.suites} == {"EAST-1", "EAST-C", "WEST-1"}
    due = {order.id: order.due.date().isoformat() for order in scenario.orders}
    assert due["MAB-ppq"] == "2027-09-29"
    text = (ROOT / "docs" / "scenario.md").read_text()
    sections = set(Scenario.model_fields) - {"clean_hold_days", "schema_version"}
    assert {name for name in sections if name not in text} == set()


def test_the_what_ifs_of_the_scenario_page_change_what_they_say(network: Path) -> None:
    late = reading.read(network.with_name("what_if_0.yaml")).scenario
    west = next(suite for suite in late.suites if suite.id == "WEST-1")
    # 2026-09-30 and six months is 2027-03-30, and 90 days on is 2027-06-28.
    assert west.go_live.date().isoformat() == "2027-06-28"
    more = reading.read(network.with_name("what_if_1.yaml")).scenario
    batches = {order.id: order.batches for order in more.orders}
    # 10 and 4 batches times 1.5; CONJ-28-US falls away with the year 2028.
    assert batches == {
        "CONJ-26-clin": 2,
        "CONJ-27-US": 2,
        "MAB-26H2-US": 6,
        "MAB-27H1": 7,
        "MAB-28H1-US": 15,
        "MAB-ppq": 3,
    }
    assert "MAB@WEST:US" not in {licence.id for licence in more.licences}
    stocked = reading.read(network.with_name("what_if_2.yaml")).scenario
    assert [row.programme for row in stocked.made_to_stock] == ["FILL"]
    assert sum(row.quantity for row in stocked.demand) == 39.5


def test_the_rules_are_as_many_as_the_architecture_says() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert f"{len(RULES)} rules" in text
