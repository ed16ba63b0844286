"""The folder of a comparison: a picture, a letter and the tables, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from capacity import tables
from capacity.comparison import Comparison
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
