"""What a scenario means, checked: problems, warnings and the rough-cut load."""

from __future__ import annotations

from collections.abc import Collection

from capacity.scenario import Scenario
from capacity.validate import foresight, linked, load, names, sense, stocks
from capacity.validate.names import Finding
from capacity.validate.network import Network
from capacity.validate.words import spoken

__all__ = ["problems", "rough_cut", "warnings"]


RIGHTS = {"licences", "transfers", "qualifications"}
"""Lists of what opens a site."""


def problems(
    scenario: Scenario,
    *,
    only_names: bool = False,
    left_out: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Everything wrong with what a scenario means.

    Parameters
    ----------
    scenario
        The scenario.
    only_names
        Leave dates and quantities alone.
    left_out
        Lists that lack some of their rows, as those are ill-formed: what they would
        have to say isn't missed.

    Returns
    -------
    list of (str, str)
        Dotted path of the value, and a sentence.
    """
    network = Network(scenario)
    checks = [*names.CHECKS]
    if not only_names:
        checks += [*sense.CHECKS, *stocks.CHECKS, *linked.CHECKS]
        checks += [] if RIGHTS & set(left_out) else [sense.opened]
    return [_said(found) for check in checks for found in check(network)]


def warnings(scenario: Scenario) -> list[tuple[str, str]]:
    """What is allowed but hardly meant, in a scenario without problems.

    Returns
    -------
    list of (str, str)
        Dotted path of the value, and a sentence.
    """
    network = Network(scenario)
    return [_said(found) for warn in foresight.WARNINGS for found in warn(network)]


def rough_cut(scenario: Scenario) -> list[dict[str, object]]:
    """Load of each suite and year without a solver, as `load.rough_cut` says."""
    return load.rough_cut(Network(scenario))


def _said(found: Finding) -> tuple[str, str]:
    about = spoken(found.path) if found.about is None else found.about
    return found.path, f"{about}: {found.text}"
