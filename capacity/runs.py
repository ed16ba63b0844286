"""The run folder: what stands in it, how it is read, and if it agrees with itself."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from capacity import folders, reading
from capacity.checker import breaches, unavoidable
from capacity.folders import OutputError, absolute, recover, whole_folder
from capacity.manifest import (
    FORMAT,
    TABLES,
    Manifest,
    file_breaches,
    format_of,
    make_manifest,
    read_manifest,
    seal_breaches,
    sentences,
    text_of,
)
from capacity.plan import Plan
from capacity.scenario import Record, Scenario

if TYPE_CHECKING:
    from capacity.reading import Loaded
    from capacity.solver import Result


class RunError(Exception):
    """A run folder whose content can't be read.

    Parameters
    ----------
    problems
        One sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SealError(RunError):
    """A run folder that isn't what was written, or that the checker rejected."""


@dataclass(frozen=True)
class Run:
    """A run folder that has been read."""

    directory: Path
    loaded: Loaded
    """The scenario it was made for."""
    plan: Plan
    kpis: dict[str, Any]
    manifest: Manifest


def ensure_writable(directory: Path, *, overwrite: bool) -> None:
    """Refuse a place that no run can be written to, before any time is spent on a plan.

    Raises
    ------
    OutputError
        If the folder exists and `overwrite` is false, if it isn't a run, or if nothing
        can be written there.
    """
    folders.ensure_writable(
        directory, overwrite=overwrite, kind="run folder", is_one=_looks_like_run
    )


def write_run(
    directory: Path,
    loaded: Loaded,
    result: Result,
    *,
    options: dict[str, Any],
    seed: int,
    overwrite: bool,
) -> None:
    """Write a solved and checked plan as a run folder, whole or not at all.

    Raises
    ------
    OutputError
        If the folder exists and `overwrite` is false, or can't be written.
    """
    if result.plan is None or result.breaches:
        msg = "only a plan that the checker accepts becomes a run folder"
        raise ValueError(msg)
    ensure_writable(directory, overwrite=overwrite)
    with whole_folder(absolute(directory)) as folder:
        tiers = [(tier.name, tier.objective, tier.bound) for tier in result.tiers]
        amount = result.amount_bound
        texts = _texts(
            loaded, result.plan, result.bound, tiers, result.unavoidable, amount
        )
        _write_texts(folder, texts)
        _write_texts(folder, {"prices.csv": _prices(result)})
        _draw(folder, loaded.scenario, result.plan, json.loads(texts["kpis.json"]))
        _seal(folder, loaded, result, options, seed)


def write_rejected(
    directory: Path,
    loaded: Loaded,
    result: Result,
    *,
    options: dict[str, Any],
    seed: int,
) -> Path:
    """Keep a plan that the checker refused as evidence, in `DIR.rejected`.

    Only scenario, plan, breaches and log are kept: tables and pictures of a plan that
    breaks the rules would look like a plan.

    Returns
    -------
    Path
        The folder.
    """
    directory = absolute(directory)
    evidence = directory.with_name(f"{directory.name}.rejected")
    with whole_folder(evidence) as folder:
        _write_texts(folder, {"scenario.yaml": reading.resolved_text(loaded)})
        if result.plan is not None:
            _write_texts(folder, {"plan.json": _json(result.plan)})
        _seal(folder, loaded, result, options, seed)
    return evidence


def read_run(named: Path) -> Run:
    """Read a run folder, without verifying it.

    Raises
    ------
    OutputError
        If what is named is no run folder at all.
    RunError
        If scenario, plan, key figures or manifest can't be read.
    """
    directory = _existing(named)
    loaded, problems = _loaded(directory)
    plan, unreadable = read_plan(directory / "plan.json")
    kpis, unknown = _kpis(directory)
    manifest, unsigned = read_manifest(directory)
    if loaded is None or plan is None or kpis is None or manifest is None:
        found = [*problems, *unreadable, *unknown, *unsigned]
        raise RunError([f"{named}/{problem}" for problem in found])
    return Run(directory, loaded, plan, kpis, manifest)


def read_sealed(named: Path) -> Run:
    """Read a run folder of which no file is missing or changed since it was written.

    That is less than `check_run`, which plans of other versions may not pass, and quick.

    Raises
    ------
    OutputError
        If what is named is no run folder at all.
    SealError
        If a file is missing or changed, or the checker rejected the plan.
    RunError
        If it can't be read, being of another version perhaps.
    """
    directory = _existing(named)
    if (stated := format_of(directory)) not in (None, FORMAT):
        msg = (
            f"{named} has format {stated}, and this version of the program reads"
            f" format {FORMAT}: solve its scenario.yaml again, or use the version that"
            " wrote it"
        )
        raise RunError([msg])
    manifest, problems = read_manifest(directory)
    if manifest is None:
        raise SealError([f"{named}/{problem}" for problem in problems])
    if broken := seal_breaches(directory, manifest):
        raise SealError([f"{named}/{breach}" for breach in broken])
    return read_run(named)


def solved(
    directory: Path, loaded: Loaded, *, options: dict[str, Any], seed: int
) -> Run | None:
    """Read the run of a scenario that was solved with the same options; else none.

    Raises
    ------
    OutputError
        If the folder exists and isn't that run, or none can be written there.
    """
    if not absolute(directory).exists():
        ensure_writable(directory, overwrite=False)
        return None
    run = read_sealed(directory)
    made = {**run.manifest.options, "seed": run.manifest.seed}
    wanted = {**options, "seed": seed}
    differs = [
        f"with {name} {made.get(name)} instead of {value}"
        for name, value in wanted.items()
        if made.get(name) != value
    ]
    if run.manifest.scenario_sha256 != reading.sha256(loaded):
        differs = ["from another scenario"]
    if differs:
        msg = (
            f"{directory} was solved {', '.join(differs)}: name the folder to compare"
            " it as it is, or solve it anew with capacity solve --overwrite"
        )
        raise OutputError(msg)
    return run


def check_run(directory: Path) -> list[str]:
    """Every way in which a run folder disagrees with itself or breaks a rule.

    Parameters
    ----------
    directory
        The run folder.

    Returns
    -------
    list of str
        One sentence for each breach; empty when all is well.
    """
    directory = _existing(directory)
    manifest, found = read_manifest(directory)
    found += file_breaches(directory, manifest)
    loaded, problems = _loaded(directory)
    plan, unreadable = read_plan(directory / "plan.json")
    found += [said for said in problems + unreadable if said not in found]
    if loaded is None or plan is None:
        return found
    found += plan_breaches(loaded, plan)
    if manifest is not None and manifest.scenario_sha256 != reading.sha256(loaded):
        found.append("manifest.json: scenario_sha256 isn't the hash of scenario.yaml")
    if not found:  # tables of a broken plan say nothing new
        found += _table_breaches(directory, loaded, plan, manifest)
    return found


def plan_breaches(loaded: Loaded, plan: Plan) -> list[str]:
    """Rules that a plan breaks, its cost and the scenario it was made for included."""
    found = []
    if plan.scenario_sha256 != reading.sha256(loaded):
        found.append("plan: it was made for another scenario (scenario_sha256 differs)")
    return list(dict.fromkeys(found + breaches(loaded.scenario, plan)))


def check_plan(loaded: Loaded, path: Path) -> list[str]:
    """Every rule that the plan in a file breaks, or why it can't be read."""
    plan, problems = read_plan(path)
    return problems if plan is None else plan_breaches(loaded, plan)


def read_plan(path: Path) -> tuple[Plan | None, list[str]]:
    """Read `plan.json`: none, and every reason, where it can't be."""
    text, problems = text_of(path)
    if text is None:
        return None, problems
    try:
        return Plan.model_validate_json(text), []
    except ValidationError as error:
        return None, sentences(path.name, text, error)


def _existing(named: Path) -> Path:
    """Find the folder, which holds at least a plan or a manifest."""
    directory = absolute(named)
    if not directory.exists():
        recover(directory)
    if not directory.exists():
        msg = f"{named} doesn't exist"
        raise OutputError(msg)
    if not _looks_like_run(directory):
        msg = f"{named} isn't a run folder: it holds neither manifest nor plan"
        raise OutputError(msg)
    return directory


def _looks_like_run(directory: Path) -> bool:
    return any((directory / name).is_file() for name in ("manifest.json", "plan.json"))


def _seal(
    folder: Path, loaded: Loaded, result: Result, options: dict[str, Any], seed: int
) -> None:
    """Add the log, and the manifest last, once all that it lists is there."""
    manifest = make_manifest(
        folder,
        result,
        scenario_sha256=reading.sha256(loaded),
        options=options,
        seed=seed,
    )
    _write_texts(folder, {"solver.log": result.log, "manifest.json": _json(manifest)})


def _write_texts(folder: Path, texts: dict[str, str]) -> None:
    """Write files with the same bytes on every system."""
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())


def _texts(
    loaded: Loaded,
    plan: Plan,
    bound: int,
    tiers: list[tuple[str, int, int]],
    least: int,
    amount: Fraction | None,
) -> dict[str, str]:
    """Every text file that follows from scenario, plan and bounds."""
    from capacity import tables

    kpis = tables.kpis(
        loaded.scenario,
        plan,
        bound=bound,
        tiers=tiers,
        unavoidable=least,
        amount_bound=amount,
    )
    return {
        "scenario.yaml": reading.resolved_text(loaded),
        "plan.json": _json(plan),
        "batches.csv": tables.to_csv(tables.batches(plan)),
        "campaigns.csv": tables.to_csv(tables.campaigns(plan)),
        "orders.csv": tables.to_csv(tables.orders(plan)),
        "shipments.csv": tables.to_csv(tables.shipments(loaded.scenario, plan)),
        "genealogy.csv": tables.to_csv(tables.genealogy(loaded.scenario, plan)),
        "qualifications.csv": tables.to_csv(
            tables.qualifications(loaded.scenario, plan)
        ),
        "stock.csv": tables.to_csv(tables.stock(loaded.scenario, plan)),
        "waits.csv": tables.to_csv(tables.waits(loaded.scenario, plan)),
        "load.csv": tables.to_csv(tables.load(loaded.scenario, plan)),
        "assumptions.csv": tables.to_csv(tables.assumptions(loaded.scenario)),
        "kpis.json": _json(kpis),
    }


def _prices(result: Result) -> str:
    from capacity import tables

    return tables.to_csv(tables.prices(result.prices))


def _draw(folder: Path, scenario: Scenario, plan: Plan, kpis: dict[str, Any]) -> None:
    """Both pictures, unfiltered."""
    from capacity import plots, tables

    plots.save(plots.gantt_figure(scenario, plan, kpis=kpis), folder / "gantt.png")
    load = tables.load(scenario, plan)
    plots.save(plots.load_figure(scenario, load), folder / "load.png")


def _json(value: Record | dict[str, Any]) -> str:
    if isinstance(value, Record):
        return value.model_dump_json(indent=1) + "\n"
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _loaded(directory: Path) -> tuple[Loaded | None, list[str]]:
    """Read the scenario of a run: none, and why not, where it can't be."""
    path = directory / "scenario.yaml"
    if not path.exists():
        return None, ["scenario.yaml: it is missing"]
    try:
        return reading.read(path, []), []
    except reading.ScenarioError as error:
        own = f"{path}:"
        return None, [
            str(problem).replace(own, "scenario.yaml:", 1) for problem in error.problems
        ]


def _kpis(directory: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """Read the key figures of a run: none, and why not, where they can't be."""
    text, problems = text_of(directory / "kpis.json")
    if text is None:
        return None, problems
    try:
        kpis = json.loads(text)
    except ValueError as error:
        return None, [f"kpis.json: {error}"]
    if isinstance(kpis, dict):
        return kpis, []
    return None, ["kpis.json: it should be an object"]


def _table_breaches(
    directory: Path, loaded: Loaded, plan: Plan, manifest: Manifest | None
) -> list[str]:
    """Tables and key figures that don't follow from scenario and plan."""
    bounds, found = _stated_bounds(directory)
    if bounds is None:
        return found
    least = unavoidable(loaded.scenario)
    found = _bound_breaches(bounds, plan, least)
    found += _unproved(bounds, manifest)
    expected = _texts(
        loaded, plan, bounds.bound, bounds.as_tuples(), least, bounds.amount
    )
    for name, due in expected.items():
        text, problems = text_of(directory / name)
        found += problems
        if text is not None and text != due:
            compare = _first_difference if name in TABLES else _first_line
            found.append(f"{name}: {compare(text, due)}")
    return found


class _Tier(BaseModel):
    """A tier as `kpis.json` states it."""

    name: str
    objective: int
    bound: int


class _Bounds(BaseModel):
    """What a search proved: the part of `kpis.json` that no plan can tell."""

    bound: int
    tiers: list[_Tier]
    throughput: float | None = None
    throughput_bound: float | None = None
    target_deficit: float | None = None
    target_deficit_bound: float | None = None

    @property
    def amount(self) -> Fraction | None:
        """Throughput or deficit that no plan betters, where one is asked for. [unit]"""
        stated = (self.throughput_bound, self.target_deficit_bound)
        return next((Fraction(repr(x)) for x in stated if x is not None), None)

    @property
    def proved(self) -> bool:
        """Whether what is asked for reaches its bound."""
        if self.amount is None:
            return all(tier.bound == tier.objective for tier in self.tiers)
        made = self.throughput == self.throughput_bound
        return made and self.target_deficit == self.target_deficit_bound

    def as_tuples(self) -> list[tuple[str, int, int]]:
        """Name, objective and bound of each tier."""
        return [(tier.name, tier.objective, tier.bound) for tier in self.tiers]


def _stated_bounds(directory: Path) -> tuple[_Bounds | None, list[str]]:
    text, problems = text_of(directory / "kpis.json")
    if text is None:
        return None, problems
    try:
        return _Bounds.model_validate_json(text), []
    except ValidationError as error:
        return None, sentences("kpis.json", text, error)


def _bound_breaches(bounds: _Bounds, plan: Plan, least: int) -> list[str]:
    """Bounds and tiers that contradict the plan or each other."""
    found = []
    if sum(tier.objective for tier in bounds.tiers) != plan.objective:
        found.append("the tiers don't add up to the objective")
    if len(bounds.tiers) > 1 and bounds.tiers[0].objective != plan.firm_service:
        found.append("the first tier isn't the plan's firm service")
    if not least <= bounds.bound <= plan.objective:
        found.append("the bound isn't between what is unavoidable and the objective")
    found += [
        f"the bound of tier {tier.name} is above its objective"
        for tier in bounds.tiers
        if tier.bound > tier.objective
    ]
    made, most = bounds.throughput, bounds.throughput_bound
    if made is not None and most is not None and made > most:
        found.append("the throughput is above its bound")
    lacking, fewest = bounds.target_deficit, bounds.target_deficit_bound
    if lacking is not None and fewest is not None and lacking < fewest:
        found.append("the deficit is below its bound")
    return [f"kpis.json: {sentence}" for sentence in found]


def _unproved(bounds: _Bounds, manifest: Manifest | None) -> list[str]:
    """Whether the status is that of the bounds."""
    if manifest is None or (manifest.status == "optimal") == bounds.proved:
        return []
    return [f"kpis.json: the tiers' gaps don't fit the status {manifest.status}"]


def _first_difference(text: str, due: str) -> str:
    """Where a table first differs from the one that follows from the plan."""
    stated, expected = (list(csv.reader(part.splitlines())) for part in (text, due))
    header = expected[0]
    for number, (row, right) in enumerate(zip_longest(stated, expected), start=1):
        if row is None:
            return f"row {number} is missing: {','.join(right)}"
        if right is None:
            return f"row {number} is one too many: {','.join(row)}"
        for column, cell, wanted in zip_longest(header, row, right):
            if cell != wanted:
                return (
                    f"row {number} ({right[0]}), column {column}: {cell!r} stands"
                    f" there, {wanted!r} follows from scenario and plan"
                )
    return "its line ends or quotes differ from what is written"


def _first_line(text: str, due: str) -> str:
    """Where a file first differs from the one that follows from the plan."""
    lines = zip_longest(text.splitlines(), due.splitlines())
    for number, (line, wanted) in enumerate(lines, start=1):
        if line != wanted:
            return (
                f"line {number}: {_shown(line)} stands there, {_shown(wanted)} follows"
                " from scenario and plan"
            )
    return "its line ends differ from what is written"


def _shown(line: str | None) -> str:
    return "nothing" if line is None else repr(line.strip())
