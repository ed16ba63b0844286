"""The folder of a comparison: a picture, a letter and the tables, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity import tables
from capacity.comparison import Comparison, words
from capacity.comparison.letter import markdown
from capacity.folders import (
    OutputError,
    absolute,
    probe,
    recover,
    unwritable,
    whole_folder,
)

if TYPE_CHECKING:
    from capacity.plots import Size

FILES = (
    *("compare.png", "compare.md", "kpis.csv", "campaigns.csv", "programmes.csv"),
    *("orders.csv", "inputs.csv"),
)


def beside(runs: Sequence[Path]) -> Path:
    """Where a comparison of these runs goes by default."""
    first, *others = (absolute(run) for run in runs)
    rest = "-vs-".join(run.name for run in others)
    if len(others) > 2:
        rest = f"{len(others)}-others"
    return runs[0].parent / f"{first.name}-vs-{rest}"


def ensure_writable(directory: Path, *, overwrite: bool) -> None:
    """Refuse a place that no comparison can be written to, before it is made.

    Raises
    ------
    OutputError
        If the folder exists and `overwrite` is false, if it holds anything else, or if
        nothing can be written there.
    """
    place = absolute(directory)
    try:
        recover(place)
        if place.exists():
            _refuse_existing(directory, place, overwrite)
        _refuse_sealed(directory, place)
        probe(place.parent)
    except OSError as error:
        raise unwritable(directory, error) from error


def _refuse_existing(directory: Path, place: Path, overwrite: bool) -> None:
    if not place.is_dir():
        msg = f"{directory} is a file; a comparison needs a folder"
        raise OutputError(msg)
    if strange := sorted({path.name for path in place.iterdir()} - set(FILES)):
        msg = (
            f"{directory} holds {strange[0]}, which no comparison writes, so it isn't"
            " replaced; -o names another"
        )
        raise OutputError(msg)
    if not overwrite:
        msg = f"{directory} exists; --overwrite replaces it, -o names another folder"
        raise OutputError(msg)


def _refuse_sealed(directory: Path, place: Path) -> None:
    if any((above / "manifest.json").is_file() for above in place.parents):
        msg = f"{directory} lies in a run folder, which stays as it was written"
        raise OutputError(msg)


def write(
    comparison: Comparison, directory: Path, *, size: Size = "16:9", overwrite: bool
) -> None:
    """Write a comparison into a folder of its own.

    Raises
    ------
    OutputError
        If the folder exists and `overwrite` is false, or can't be written.
    """
    from capacity import plots
    from capacity.comparison.picture import figure

    ensure_writable(directory, overwrite=overwrite)
    texts = {
        "compare.md": markdown(comparison),
        "kpis.csv": tables.to_csv(comparison.kpis),
        "campaigns.csv": tables.to_csv(comparison.campaigns),
        "programmes.csv": tables.to_csv(comparison.programmes),
        "orders.csv": tables.to_csv(comparison.orders),
        "inputs.csv": tables.to_csv(comparison.inputs),
    }
    with whole_folder(absolute(directory)) as folder:
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        plots.save(figure(comparison, size=size), folder / "compare.png")


def document(comparison: Comparison, directory: Path) -> dict[str, Any]:
    """Everything `compare --json` prints."""
    return {
        "schema_version": 1,
        "comparison": str(directory),
        "against": {"name": comparison.name, "run": str(comparison.run.directory)},
        "currency": comparison.currency,
        "runs": [
            {
                "name": pair.name,
                "run": str(pair.run.directory),
                "headline": words.headline(comparison, pair),
                "certainty": words.certainty(comparison, pair),
            }
            for pair in comparison.pairs
        ],
        "kpis": _rows(comparison.kpis),
        "campaigns": _rows(comparison.campaigns),
        "programmes": _rows(comparison.programmes),
        "orders": _rows(comparison.orders),
        "inputs": _rows(comparison.inputs),
        "notes": list(comparison.notes),
    }


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.astype(object).to_dict("records")
