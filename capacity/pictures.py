"""Which part of a run is drawn, and where what is made of it goes."""

from __future__ import annotations

import gc
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from capacity import runs
from capacity.folders import OutputError, unwritable
from capacity.runs import RunError
from capacity.validate.words import nearest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from capacity.options import Size, Style
    from capacity.plan import Reached
    from capacity.runs import Run
    from capacity.scenario import Scenario


def read(run: Path) -> Run:
    """Read a run to draw it."""
    collect_seldom()
    return runs.read_run(run)


def collect_seldom() -> None:
    """Look for garbage less often: there is little, and it takes a tenth of the time."""
    gc.set_threshold(100_000)


def wanted(
    run: Run,
    site: str | None,
    programme: str | None,
    start: datetime | None,
    end: datetime | None,
    size: Size,
    style: Style,
) -> dict[str, Any]:
    """Take the filters, refusing unknown ids and what leaves nothing to draw."""
    scenario = run.loaded.scenario
    _refuse_unknown("site", site, [each.id for each in scenario.sites])
    _refuse_unknown("programme", programme, [each.id for each in scenario.programmes])
    _refuse_empty(scenario, site, programme)
    first, last = start or scenario.horizon.start, end or scenario.horizon.end
    if last < first or last < scenario.as_of or first > scenario.horizon.end:
        msg = f"no day of the plan lies between {first.date()} and {last.date()}"
        raise typer.BadParameter(msg, param_hint="'--from', '--to'")
    return {
        "site": site,
        "programme": programme,
        "start": start,
        "end": end,
        "size": size.value,
        "style": style.value,
    }


def _refuse_unknown(option: str, asked: str | None, ids: list[str]) -> None:
    if asked is not None and asked not in ids:
        msg = f"no {option} {asked} in this run{nearest(asked, ids)}"
        raise typer.BadParameter(msg, param_hint=f"'--{option}'")


def _refuse_empty(scenario: Scenario, site: str | None, programme: str | None) -> None:
    """Refuse filters that no suite in use passes."""
    able = {
        suite
        for each in scenario.programmes
        for step in each.recipe
        for suite in step.suites
        if programme in (None, each.id)
    }
    for suite in scenario.suites:
        used = suite.enabled and (programme is None or suite.id in able)
        if used and site in (None, suite.site):
            return
    asked = " ".join(
        filter(None, (programme and f"for {programme}", site and f"at {site}"))
    )
    msg = f"no suite is in use {asked}"
    raise typer.BadParameter(msg, param_hint="'--site', '--programme'")


def refuse_unstocked(scenario: Scenario, programme: str | None) -> None:
    """Refuse where nothing that is asked for is made to stock."""
    known = [row.programme for row in scenario.made_to_stock]
    if not known:
        msg = "no programme of this run is made to stock"
        raise typer.BadParameter(msg, param_hint="'RUN'")
    if programme is not None and programme not in known:
        msg = f"{programme} isn't made to stock{nearest(programme, known)}"
        raise typer.BadParameter(msg, param_hint="'--programme'")


def dated(milestones: pd.DataFrame, wanted: dict[str, Any]) -> pd.DataFrame:
    """Refuse filters that leave no date but go-live to draw."""
    left = milestones[milestones.milestone != "go_live"]
    for option in ("site", "programme"):
        if wanted[option] is not None:
            left = left[left[option] == wanted[option]]
    if left.empty:
        asked = [each for each in (wanted["programme"], wanted["site"]) if each]
        msg = f"no transfer, PPQ or right to ship of {' at '.join(asked) or 'this run'}"
        raise typer.BadParameter(msg, param_hint="'--site', '--programme'")
    return milestones


def history(run: Run) -> list[Reached]:
    """How the search went; runs made before that was kept can't tell."""
    if run.manifest.history:
        return run.manifest.history
    place = f"{run.directory.name}/manifest.json"
    raise RunError([f"{place}: holds no history of the search: solve again"])


def save(figure: Figure, run: Run, output: Path | None, kind: str) -> Path:
    """Draw beside the run folder by default, and never into it: it is sealed."""
    from capacity import plots

    path = beside(run, output, f"{kind}.png")
    try:
        plots.save(figure, path)
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def beside(run: Run, output: Path | None, name: str) -> Path:
    """Where a file goes that is made from a run: beside its folder where not asked."""
    path = output or run.directory.with_name(f"{run.directory.name}-{name}")
    if path.resolve().is_relative_to(run.directory):
        msg = f"{path} lies in the run folder, which stays as it was written"
        raise OutputError(msg)
    return path
