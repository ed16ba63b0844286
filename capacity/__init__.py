"""Campaign plans for biologics contract manufacturers with several sites.

The Python face is as small as the command line:

>>> from capacity import check, read, solve
>>> loaded = read("scenarios/tiny.yaml", ["W1.go_live=2026-08-01"])
>>> result = solve(loaded.scenario, work=5)
>>> check(loaded.scenario, result.plan)
[]

Each name loads its room when it is first used, so that asking for help or checking a run
loads no solver. Frames and pictures are in `capacity.tables` and `capacity.plots`,
workbooks in `capacity.excel`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capacity.checker import breaches as check
    from capacity.comparison import compare
    from capacity.plan import Plan
    from capacity.reading import Loaded, ScenarioError, read
    from capacity.scenario import Scenario
    from capacity.solver import Result, solve

__version__ = "0.1.0"

__all__ = [
    "Loaded",
    "Plan",
    "Result",
    "Scenario",
    "ScenarioError",
    "check",
    "compare",
    "read",
    "solve",
]

_ROOMS = {
    "Loaded": ("capacity.reading", "Loaded"),
    "Plan": ("capacity.plan", "Plan"),
    "Result": ("capacity.solver", "Result"),
    "Scenario": ("capacity.scenario", "Scenario"),
    "ScenarioError": ("capacity.reading", "ScenarioError"),
    "check": ("capacity.checker", "breaches"),
    "compare": ("capacity.comparison", "compare"),
    "read": ("capacity.reading", "read"),
    "solve": ("capacity.solver", "solve"),
}
"""Where each public name lives, and under which name there."""


def __getattr__(name: str) -> object:
    """Load a public name from its room on first use."""
    if name not in _ROOMS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    room, theirs = _ROOMS[name]
    value: object = getattr(import_module(room), theirs)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS})
