"""The notebooks run from top to bottom without a warning, and stay thin."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import jupytext  # type: ignore[import-untyped]
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
TINY = '"../scenarios/tiny.yaml"'
SMALL = {
    "first_hour": f"""\
scenario = {TINY}
change = "WEST.completed=2026-05-02"
work = 1
""",
    "start_dates": f"""\
cases = [{TINY}]
swept = {TINY}
field = "WEST.completed"
dates = ["2026-04-02", "2026-06-02"]
work = 0.5
""",
    "contracts_and_quality": f"""\
scenario = {TINY}
contract_change = "C-BETA.probability=1"
quality_change = "scenario.quality.planning_percentile=p50"
work = 0.5
""",
    "own_data": """\
scenario = "../scenarios/base.yaml"
orders = "../scenarios/base_orders.csv"
folder = "{folder}"
work = 0.2
""",
}
"""What stands in each notebook's parameters cell here: little work, nothing left behind."""


def read(path: Path, folder: Path) -> Any:
    """A notebook, with the small case for its parameters."""
    small = SMALL[path.stem].replace("{folder}", str(folder))
    notebook = jupytext.read(path)
    tagged = [cell for cell in code(notebook) if "parameters" in tags(cell)]
    assert len(tagged) == 1
    assert assigned(tagged[0].source) == assigned(small)
    tagged[0].source = small
    return notebook


def assigned(source: str) -> list[str]:
    """Names that a cell sets, in order."""
    return re.findall(r"^(\w+) =", source, re.MULTILINE)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: Any) -> list[str]:
    found: list[str] = cell.metadata.get("tags", [])
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_without_a_warning(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = read(path, tmp_path)
    beside = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, timeout=600, resources=beside).execute()
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    said = [output.text for output in outputs if output.get("name") == "stderr"]
    assert said == []
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_few_cells_without_code_of_its_own(path: Path) -> None:
    assert len(code(jupytext.read(path))) <= 9
    nodes = ast.walk(ast.parse(path.read_text()))
    defined = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    assert [node for node in nodes if isinstance(node, defined)] == []


def test_every_notebook_has_a_small_case() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(SMALL)
