"""Everything that is shown of the engine, on one machine in one go: peers, then growth.

    python -m benchmarks                        about 20 minutes: peers.md, peers.png, growth.md
    python -m benchmarks --limit 20 -o trial

Needs `pip install '.[benchmarks]'`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

PARTS = ("benchmarks.peers", "benchmarks.growth")


def commands(words: list[str]) -> list[list[str]]:
    """The parts' own commands, each with what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Race the peers, then measure growth."
    )
    parser.add_argument(
        "--limit", default="60", help="for each contestant and size [s]"
    )
    parser.add_argument("--workers", default="2")
    parser.add_argument("-o", "--output", help="where the tables go, if not here")
    asked = parser.parse_args(words)
    options = ["--limit", asked.limit, "--workers", asked.workers]
    options += [] if asked.output is None else ["-o", asked.output]
    return [[sys.executable, "-m", part, *options] for part in PARTS]


def main() -> None:
    """Run the parts one after the other, as they share the machine's cores."""
    for command in commands(sys.argv[1:]):
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
