"""Folders written whole or not at all.

A new folder is built beside its final place as `.NAME.partial-PID` and renamed in; an
old folder waits as `.NAME.old-PID` in between. What a killed process leaves behind is
put right by the next command that touches the folder.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal


class OutputError(Exception):
    """A folder or file that can't be written where the planner asked for it."""


def absolute(directory: Path) -> Path:
    """Say where a folder really is: behind links, with a name of its own."""
    directory = Path(os.path.realpath(directory))  # resolve() raises for a circle
    if not directory.name:
        msg = f"{directory} can't be a run folder"
        raise OutputError(msg)
    return directory


def ensure_writable(
    directory: Path, *, overwrite: bool, kind: str, is_one: Callable[[Path], bool]
) -> None:
    """Refuse a place that no folder of a kind can be written to, before time is spent.

    Raises
    ------
    OutputError
        If the folder exists and `overwrite` is false, if it holds anything else than
        one of its kind, or if nothing can be written there.
    """
    place = absolute(directory)
    try:
        recover(place)
        if place.is_symlink():
            msg = f"{directory} is a link that leads back to itself"
            raise OutputError(msg)
        if place.exists() and not place.is_dir():
            msg = f"{directory} is a file; a {kind} needs a folder"
            raise OutputError(msg)
        if place.exists() and not overwrite:
            msg = (
                f"{directory} exists; --overwrite replaces it, -o names another folder"
            )
            raise OutputError(msg)
        if place.exists() and any(place.iterdir()) and not is_one(place):
            msg = f"{directory} isn't a {kind}, so it isn't replaced; -o names another"
            raise OutputError(msg)
        probe(place.parent)
    except OSError as error:
        raise unwritable(directory, error) from error


def probe(parent: Path) -> None:
    """Make and remove a folder in the nearest folder that exists above a new run."""
    while not parent.exists():
        parent = parent.parent
    probe = parent / f".capacity-{os.getpid()}"
    probe.mkdir(exist_ok=True)
    probe.rmdir()


def copy_new(files: Sequence[Path], directory: Path) -> list[Path]:
    """Copy files into a folder that holds none of them: all of them or none.

    Returns
    -------
    list of Path
        The copies.
    """
    copies = [directory / path.name for path in files]
    if directory.exists() and not directory.is_dir():
        msg = f"{directory} is a file; name a folder"
        raise OutputError(msg)
    if there := [copy.name for copy in copies if copy.exists()]:
        msg = f"{directory} already holds {', '.join(there)}; nothing was written"
        raise OutputError(msg)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, copy in zip(files, copies, strict=True):
            shutil.copyfile(path, copy)
    except BaseException as error:
        for copy in copies:
            with suppress(OSError):
                copy.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(directory, error) from error
        raise
    return copies


def unwritable(path: Path, error: OSError) -> OutputError:
    """Say why a folder or file can't be written."""
    reason = error.strerror or type(error).__name__
    return OutputError(f"{path} can't be written: {reason}")


@contextmanager
def whole_folder(directory: Path) -> Iterator[Path]:
    """Give a folder to fill, which at the end takes `directory`'s place or vanishes."""
    partial = _sibling(directory, "partial")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        recover(directory)
        partial.mkdir()
        yield partial
        for path in [*partial.iterdir(), partial]:
            _sync(path)
        _swap_in(partial, directory)
    except OSError as error:
        raise unwritable(directory, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_taken(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that exists already, unless it may be replaced."""
    if path.is_dir():
        msg = f"{path} is a folder; name a file"
        raise OutputError(msg)
    if path.exists() and not overwrite:
        msg = f"{path} exists; --overwrite replaces it, -o names another file"
        raise OutputError(msg)


def refuse_inside(path: Path, run: Path) -> None:
    """Refuse a place in a run folder, which is sealed."""
    if path.resolve().is_relative_to(run):
        msg = f"{path} lies in the run folder, which stays as it was written"
        raise OutputError(msg)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all."""
    with whole_file(path) as draft:
        draft.write_bytes(data)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a file to write, which at the end takes `path`'s place or vanishes."""
    draft = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        _sync(draft)
        draft.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _sibling(directory: Path, role: Literal["partial", "old"]) -> Path:
    return directory.with_name(f".{directory.name}.{role}-{os.getpid()}")


def _swap_in(partial: Path, directory: Path) -> None:
    """Put the new folder in the old one's place; on failure the old one returns."""
    old = _sibling(directory, "old")
    if directory.exists():
        directory.rename(old)
    try:
        partial.rename(directory)
    except OSError:
        if old.exists():
            old.rename(directory)
        raise
    _sync(directory.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(directory: Path) -> None:
    """Put right what a killed process left beside `directory`."""
    if not directory.parent.is_dir():
        return
    name = re.compile(rf"\.{re.escape(directory.name)}\.(partial|old)-(\d+)")
    for path in sorted(directory.parent.iterdir()):
        match = name.fullmatch(path.name)
        if match is None or _is_alive(int(match[2])):
            continue
        if match[1] == "old" and not directory.exists():
            path.rename(directory)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    """Whether another process with this number runs (on Windows: can't be told)."""
    if pid == os.getpid():
        return False
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _sync(path: Path) -> None:
    """Ask the disk to keep a file or folder (folders can't be asked on Windows)."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
