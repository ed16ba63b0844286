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
SMALL = """\
scenario = "../scenarios/tiny.yaml"
change = "WEST.completed=2026-05-02"
work = 1
"""


def read(path: Path) -> Any:
    """A notebook, with the small case for its parameters."""
    notebook = jupytext.read(path)
    tagged = [cell for cell in code(notebook) if "parameters" in tags(cell)]
    assert len(tagged) == 1
    assert assigned(tagged[0].source) == assigned(SMALL)
    tagged[0].source = SMALL
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
    notebook = read(path)
    beside = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, timeout=120, resources=beside).execute()
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    said = [output.text for output in outputs if output.get("name") == "stderr"]
    assert said == []
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_few_cells_without_code_of_its_own(path: Path) -> None:
    assert len(code(jupytext.read(path))) <= 8
    nodes = ast.walk(ast.parse(path.read_text()))
    defined = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    assert [node for node in nodes if isinstance(node, defined)] == []


def test_there_are_three_notebooks_at_most() -> None:
    assert 1 <= len(NOTEBOOKS) <= 3
