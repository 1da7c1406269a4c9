"""bench: time the recurrence on this machine."""

import argparse

from tqdm import tqdm

from mrnn import bench
from mrnn.commands.options import HELPS, Commands
from mrnn.devices import choose_device


def add(commands: Commands) -> None:
    """What the command understands."""
    command = commands.add_parser(
        "bench", help="time the recurrence against its definition, torch's LSTM and bare products"
    )
    command.set_defaults(run=run)
    command.add_argument("--device", default="cpu", help=HELPS["device"] + " (default: %(default)s)")
    command.add_argument("--repeats", type=int, default=5, help="rounds to take medians of (default: %(default)s)")
    command.add_argument(
        "--only", default="", metavar="TEXT", help="rows whose shape contains it, such as waves or k ="
    )
    command.add_argument("--json", action="store_true", help="print milliseconds and MB as JSON")


def run(asked: argparse.Namespace) -> None:
    if asked.repeats < 1:
        raise ValueError(f"--repeats must be at least 1, got {asked.repeats}")
    rows = [row for row in bench.rows() if asked.only in row.name]
    if not rows:
        raise ValueError(f"--only must be part of a row's shape, got {asked.only!r}")
    device = choose_device(asked.device)
    results = [bench.measure(row, device, asked.repeats) for row in tqdm(rows, unit="row", disable=None)]
    print(bench.to_json(results) if asked.json else bench.table(results))
