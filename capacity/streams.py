"""What is said on stdout and stderr, also where nobody listens."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

import typer

from capacity.folders import OutputError


def forgive() -> None:
    """Spell out what a stream's encoding lacks: a name in Hangul stops no plan."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(sentence: str) -> None:
    """Tell a person something, on stderr; a lost message stops no plan."""
    with suppress(OSError):
        typer.echo(sentence, err=True)


def tell(data: object, *, end: str = "\n") -> None:
    """Give data, on stdout.

    A reader who has seen enough (`| head`) is no failure: the exit code says the rest.

    Raises
    ------
    OutputError
        If stdout can't be written, for want of space say.
    """
    try:
        typer.echo(f"{data}{end}", nl=False)
    except OSError as error:
        _close()
        if isinstance(error, BrokenPipeError):
            return
        msg = f"standard output can't be written: {error.strerror}"
        raise OutputError(msg) from error


def _close() -> None:
    """Send what still waits for stdout nowhere: Python would fail on it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell_json(document: dict[str, Any]) -> None:
    """Give one JSON document, on stdout."""
    tell(json.dumps(document, indent=1, ensure_ascii=False))
