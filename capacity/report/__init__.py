"""A run as one page of HTML to mail around: it asks for nothing beyond itself.

Frames of `capacity.tables` go in, text comes out. The page's own style and script stand
beside this file; the page lets a browser use these two, by their hashes, and no others.
The same run gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from capacity import tables
from capacity.report.chart import HATCHES, HEIGHTS, Chart, pattern
from capacity.report.columns import columns
from capacity.report.fullness import fullness
from capacity.report.story import Story
from capacity.report.words import date, grouped, money, share

if TYPE_CHECKING:
    from capacity.runs import Run

HERE = Path(__file__).parent


def page(run: Run) -> str:
    """Tell a run as a page of HTML.

    Parameters
    ----------
    run
        A run that agrees with itself (`runs.check_run`): nothing is verified here.

    Returns
    -------
    str
        The whole page: style, script, data and pictures are in it.
    """
    scenario, plan = run.loaded.scenario, run.plan
    frames = {
        "orders": tables.orders(plan),
        "campaigns": tables.campaigns(plan),
        "batches": tables.batches(plan),
        "shipments": tables.shipments(scenario, plan),
        "genealogy": tables.genealogy(scenario, plan),
        "stock": tables.stock(scenario, plan),
        "waits": tables.waits(scenario, plan),
        "load": tables.load(scenario, plan),
        "calendar": tables.calendar(scenario),
        "standings": tables.standings(scenario),
    }
    style, script = (_own(name) for name in ("page.css", "page.js"))
    return (
        _environment(scenario.currency)
        .get_template("page.html")
        .render(
            run=run,
            scenario=scenario,
            story=Story(run, frames["orders"], frames["standings"]),
            chart=Chart(scenario, plan, frames["campaigns"], frames["calendar"]),
            heights=HEIGHTS,
            hatches={kind: pattern(hatch) for kind, hatch in HATCHES.items()},
            fullness=fullness(scenario, frames["load"]),
            data={name: columns(name, frame) for name, frame in frames.items()},
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script),
        )
    )


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _environment(currency: str) -> Environment:
    """Everything that comes from a scenario is escaped; a slip in a name is an error."""
    environment = Environment(
        loader=FileSystemLoader(HERE, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.filters |= {
        "money": lambda amount: money(amount, currency),
        "share": share,
        "grouped": grouped,
        "date": date,
    }
    return environment


def _policy(style: str, script: str) -> str:
    """What a browser may load: the page's own style and script, and nothing else."""
    allowed = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {where}" for what, where in allowed.items())


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
