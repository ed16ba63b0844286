"""The manifest of a run folder: what made it, and the hash of every file in it."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

import capacity
from capacity.plan import Reached
from capacity.reading.words import shown
from capacity.scenario import Record

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from capacity.solver import Result

TABLES = (
    *("batches.csv", "campaigns.csv", "orders.csv", "shipments.csv", "genealogy.csv"),
    *("qualifications.csv", "stock.csv", "waits.csv", "load.csv", "assumptions.csv"),
)

HASHED = (
    *("scenario.yaml", "plan.json", *TABLES, "kpis.json", "prices.csv"),
    *("gantt.png", "load.png"),
)
"""Files that follow from scenario and plan, but for prices, which the bound comes from."""

UNHASHED = ("manifest.json", "solver.log")
"""Files that tell of one particular search."""

CHANGED = "changed since it was written (its hash differs)"

READ = ("scenario.yaml", "plan.json", "kpis.json")
"""Files without which nothing can be said of a run."""

FORMAT = 1
"""Version of run folders that this program reads and writes."""

PACKAGES = ("matplotlib", "numpy", "ortools", "pandas", "pydantic", "ruamel.yaml")


class Manifest(Record):
    """What made a run folder, and what it holds."""

    schema_version: Literal[1] = 1
    """Version of this format."""
    status: Literal["optimal", "feasible", "rejected"]
    """`rejected`: the checker refused the plan, and this is the evidence."""
    checker: Literal["ok"] | list[str]
    """Verdict of the independent checker, or the breaches."""
    scenario_sha256: str
    """Hash of the resolved scenario."""
    files: dict[str, str]
    """SHA-256 of every file but this one and the log."""
    versions: dict[str, str]
    """Programs that made it."""
    seed: int
    """Seed of the search."""
    options: dict[str, Any]
    """Options of the search."""
    reproducible: bool
    """True: the same scenario, options and versions give the same plan."""
    stopped_by: str
    """optimal, gap, work, time_limit or interrupt."""
    seconds: float
    """Wall time of the search. [s]"""
    history: list[Reached] = []
    """Objective and bound over that time; none in runs made before it was kept."""
    created: str
    """When, in UTC."""


def make_manifest(
    folder: Path,
    result: Result,
    *,
    scenario_sha256: str,
    options: dict[str, Any],
    seed: int,
) -> Manifest:
    """State what made the files that already lie in `folder`."""
    status: Literal["optimal", "feasible", "rejected"] = "feasible"
    if result.breaches:
        status = "rejected"
    elif result.status == "optimal":
        status = "optimal"
    return Manifest(
        status=status,
        checker=result.breaches or "ok",
        scenario_sha256=scenario_sha256,
        files=hashes_of(folder),
        versions=_versions(),
        seed=seed,
        options=options,
        reproducible=result.reproducible,
        stopped_by=result.stopped_by,
        seconds=round(result.seconds, 3),
        history=result.history,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _versions() -> dict[str, str]:
    found = {"capacity": capacity.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def hashes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that the manifest lists, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name not in UNHASHED and path.name[0] != "."
    }


def text_of(path: Path) -> tuple[str | None, list[str]]:
    """Read a file: its text, or none and why not."""
    try:
        return path.read_bytes().decode(), []
    except FileNotFoundError:
        return None, [f"{path.name}: it is missing"]
    except UnicodeDecodeError:
        return None, [f"{path.name}: it isn't a text file"]
    except OSError as error:
        return None, [f"{path.name}: it can't be read: {error.strerror}"]


ROWS = {
    "batches": ("batch", "batch"),
    "campaigns": ("campaign", "campaign"),
    "orders": ("order", "order"),
    "shipments": ("shipment", "lane"),
    "qualifications": ("qualification", "qualification"),
    "filings": ("filing", "market"),
    "stocks": ("period of", "programme"),
    "consumes": ("what is used by", "batch"),
    "history": ("moment of the history", ""),
}
"""How a row of a JSON file is called, and the field that names it."""

FAMILIES = {
    "string": "should be text",
    "int": "should be a whole number",
    "float": "should be a number",
    "finite": "should be a number",
    "bool": "should be true or false",
    "list": "should be a list",
    "model": "should be an object",
    "dict": "should be an object",
}
"""What pydantic's families of errors mean."""


def sentences(name: str, text: str, error: ValidationError) -> list[str]:
    """One sentence for each problem that pydantic found in a JSON file.

    Parameters
    ----------
    name
        The file's name.
    text
        What it holds.
    error
        What was found.

    Returns
    -------
    list of str
        File, row (by its id, if it has one) and field, then what is wrong.
    """
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    found = []
    for problem in error.errors(include_url=False):
        place = _place(whole, problem["loc"])
        found.append(": ".join([name, *place, _wrong(problem)]))
    return found


def _place(value: object, loc: tuple[int | str, ...]) -> list[str]:
    """Words for a location: `batch A-1/02` rather than `batches.17`."""
    words: list[str] = []
    for piece in loc:
        below = None
        if isinstance(value, dict):
            below = value.get(piece)
        elif isinstance(value, list) and isinstance(piece, int):
            below = value[piece] if piece < len(value) else None
        if isinstance(piece, int):
            noun, key = ROWS.get(words.pop() if words else "", ("row", ""))
            label = below.get(key) if isinstance(below, dict) else None
            named = isinstance(label, str)
            words.append(f"{noun} {label if named else f'number {piece + 1}'}")
        else:
            words.append(piece)
        value = below
    return words


def _wrong(problem: ErrorDetails) -> str:
    """What is wrong with a value, in a planner's words."""
    kind, value = problem["type"], problem["input"]
    if kind == "missing":
        return "it is missing"
    if kind == "extra_forbidden":
        return "there is no such field"
    if kind == "json_invalid":
        return f"it isn't JSON: {problem.get('ctx', {}).get('error', '')}"
    if kind == "literal_error":
        expected = str(problem.get("ctx", {}).get("expected", "")).replace("'", "")
        return f"should be {expected}, not {shown(value)}"
    meant = FAMILIES.get(kind.split("_")[0])
    if meant is not None:
        return f"{meant}, not {shown(value)}"
    said = problem["msg"].removeprefix("Value error, ")
    return f"{said}, not {shown(value)}" if said.startswith("should") else said


def read_manifest(directory: Path) -> tuple[Manifest | None, list[str]]:
    """Read the manifest of a run folder: none, and why not, where it can't be."""
    text, problems = text_of(directory / "manifest.json")
    if text is None:
        return None, problems
    try:
        return Manifest.model_validate_json(text), []
    except ValidationError as error:
        return None, sentences("manifest.json", text, error)


def format_of(directory: Path) -> object:
    """Version of its format that a run folder states; none where it can't be told."""
    text, _ = text_of(directory / "manifest.json")
    try:
        manifest = json.loads(text or "")
    except ValueError:
        return None
    return manifest.get("schema_version") if isinstance(manifest, dict) else None


def seal_breaches(directory: Path, manifest: Manifest) -> list[str]:
    """Files that a run's own manifest lists and that are missing or changed."""
    hashes = hashes_of(directory)
    found = [
        f"manifest.json: {name} isn't listed"
        for name in READ
        if name not in manifest.files
    ]
    for name, stated in manifest.files.items():
        if name not in hashes:
            found.append(f"{name}: it is missing")
        elif hashes[name] != stated:
            found.append(f"{name}: {CHANGED}")
    return found + _verdict_breaches(manifest)


def file_breaches(directory: Path, manifest: Manifest | None) -> list[str]:
    """Files that are missing, unknown or changed since they were written."""
    there = {path.name for path in directory.iterdir() if path.name[0] != "."}
    known = {*HASHED, *UNHASHED}
    found = [
        f"{name}: it is missing"
        for name in (*HASHED, "solver.log")
        if name not in there
    ]
    found += [f"{name}: no run writes it" for name in sorted(there - known)]
    if manifest is None:
        return found
    hashes = hashes_of(directory)
    for name in HASHED:
        if name not in manifest.files:
            found.append(f"manifest.json: {name} isn't listed")
        elif name in hashes and hashes[name] != manifest.files[name]:
            found.append(f"{name}: {CHANGED}")
    found += [
        f"manifest.json: {name} is listed, but no run writes it"
        for name in sorted(set(manifest.files) - set(HASHED))
    ]
    return found + _verdict_breaches(manifest)


def _verdict_breaches(manifest: Manifest) -> list[str]:
    if manifest.checker == "ok":
        return []
    return ["manifest.json: the checker rejected this plan when it was made"]
