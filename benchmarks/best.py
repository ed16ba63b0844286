"""The best plan of the worked case ever found and checked, kept beside the benchmarks.

python -m benchmarks.best              prices the kept plan again
python -m benchmarks.best runs/base    keeps that run's plan if it is better
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cases
from benchmarks.wishes import priced
from capacity.plan import Plan

KEPT = Path(__file__).parent / "best" / "base.plan.json.gz"


@dataclass(frozen=True)
class Known:
    """What is known of the kept plan."""

    scenario_sha256: str
    """Of the scenario that it plans: another one makes it a plan of the past."""
    regret: int
    """As stated. [money]"""
    plan: Plan


def known(path: Path = KEPT) -> Known | None:
    """The kept plan, None where there is none yet."""
    if not path.exists():
        return None
    plan = Plan.model_validate_json(gzip.decompress(path.read_bytes()))
    return Known(plan.scenario_sha256, plan.objective, plan)


def repriced(path: Path = KEPT) -> int | None:
    """Regret that the checker finds for the kept plan, None where it has none. [money]

    Raises
    ------
    ValueError
        Where the plan is of another scenario, breaks a rule or misstates its regret.
    """
    kept = known(path)
    if kept is None:
        return None
    scenario = cases.base()
    if kept.scenario_sha256 != cases.digest(scenario):
        msg = "the best plan is of another scenario: solve again and keep that run"
        raise ValueError(msg)
    found = priced(scenario, kept.plan)
    if found.regret != kept.regret:
        msg = f"the best plan has {found.breaches} breaches and regret {found.regret}"
        raise ValueError(msg)
    return found.regret


def keep(plan: Path, path: Path = KEPT) -> bool:
    """Keep the plan of a file if the checker accepts it and it is better than the kept."""
    offered = Plan.model_validate_json(plan.read_bytes())
    scenario = cases.base()
    sha = cases.digest(scenario)
    if offered.scenario_sha256 != sha or priced(scenario, offered).regret is None:
        return False
    kept = known(path)
    if (
        kept is not None
        and kept.scenario_sha256 == sha
        and kept.regret <= offered.objective
    ):
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(plan.read_bytes(), mtime=0))
    return True


def main() -> None:
    """Keep what is offered, and say what is kept."""
    for offered in sys.argv[1:]:
        done = keep(Path(offered) / "plan.json")
        sys.stdout.write(f"{offered}: {'kept' if done else 'not better'}\n")
    found = repriced()
    said = "no plan is kept" if found is None else f"best plan known: regret {found:,}"
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
