"""How the app bears a class: python -m tests.load [--sessions 30 --training 10 --epochs 10].

Real websockets against a real server on this machine: all have a wave open and play with it, some press Train at
once. It prints figures, and ends with status 1 if something was lost or mixed.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mrnn.files import read_json
from mrnn.runs import owner_of
from tests.load.session import Session, play, train, until_first_epoch
from tests.server import Server, run_server


@dataclass(frozen=True)
class Figures:
    """What was measured.

    actions       how many times somebody did something
    median, p95, longest   seconds until the page had answered, while training ran
    seconds       from the first click on Train to the end of the last run
    first_epoch   seconds from one more click, when nobody else trains, to the first epoch on the chart
    finished      runs that ended with a model
    wrong         what was lost, mixed, or shown as an error; empty if all went well
    """

    actions: int
    median: float
    p95: float
    longest: float
    seconds: float
    first_epoch: float
    finished: int
    wrong: list[str]


async def crowd(server: Server, sessions: int, training: int, epochs: int) -> Figures:
    """`sessions` people, of whom `training` train; each of these with a seed of its own."""
    keys = [secrets.token_urlsafe(24) for _ in range(sessions)]
    everybody = [Session(server.url, "waves", key) for key in keys]
    trainers, players = everybody[:training], everybody[training:]
    await asyncio.gather(*(session.open() for session in everybody))
    for session in everybody:
        session.times.clear()  # coming in is not what is measured
    enough = asyncio.Event()
    playing = [asyncio.create_task(play(session, enough, number)) for number, session in enumerate(players)]
    started = time.perf_counter()
    await asyncio.gather(*(train(session, number, epochs) for number, session in enumerate(trainers)))
    seconds = time.perf_counter() - started
    enough.set()
    await asyncio.gather(*playing)
    times = sorted(time for session in everybody for time in session.times)
    wrong = [complaint for session in everybody for complaint in session.broken]
    wrong += server.grumbles()
    finished = 0
    for number, key in enumerate(keys):
        own = [path for path in server.runs.glob("*/config.json") if read_json(path)["owner"] == owner_of(key)]
        if len(own) != (number < training):
            wrong.append(f"session {number} has {len(own)} runs")
            continue
        for path in own:
            result = path.with_name("result.json")
            state = read_json(result)["state"] if result.exists() else "not over"
            finished += state == "finished"
            if state != "finished":
                wrong.append(f"the run of session {number} is {state}")
            if read_json(path)["run"]["training"]["seed"] != number:
                wrong.append(f"session {number} has a run of another")
    late = Session(server.url, "train", secrets.token_urlsafe(24))
    await late.open()
    first_epoch = await until_first_epoch(late)
    for session in (*everybody, late):
        await session.close()
    return Figures(
        actions=len(times),
        median=statistics.median(times),
        p95=times[int(0.95 * len(times))],
        longest=times[-1],
        seconds=seconds,
        first_epoch=first_epoch,
        finished=finished,
        wrong=wrong,
    )


def measure(folder: Path, sessions: int, training: int, epochs: int) -> Figures:
    """Start a server, let the crowd in, and end it."""
    with run_server(folder) as server:
        return asyncio.run(crowd(server, sessions, training, epochs))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description="How the app bears a class")
    parser.add_argument("--sessions", type=int, default=30, help="people with a wave open (default: %(default)s)")
    parser.add_argument("--training", type=int, default=10, help="of whom so many train (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=10, help="of each run (default: %(default)s)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), asked.sessions, asked.training, asked.epochs)
    json.dump(vars(figures), sys.stdout, indent=1)
    sys.exit(bool(figures.wrong))


if __name__ == "__main__":
    main()
