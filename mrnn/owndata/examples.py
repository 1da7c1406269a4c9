"""Files to try the Own data page with: made on the spot, each of a form that people have."""

from io import BytesIO

import numpy as np

GAITS = {"walking": (1.9, 1.0, 0.25), "running": (2.9, 2.2, 0.45), "stairs": (1.4, 1.3, 0.35)}  # Hz, g, noise in g
RATE = 20  # steps a second
PER_GAIT = 40
MISSING_ROW, WORD_ROW, RAGGED_ROW = 7, 23, 41  # of the faulty file, counted from its first row of data


def long_csv() -> bytes:
    """A row a step: an accelerometer at the hip, forward and up, of 120 people who walk, run or climb stairs."""
    rows = [
        f"{name},{t / RATE:.2f},{forward:.3f},{up:.3f},{gait}"
        for name, gait, signal in _recordings()
        for t, (forward, up) in enumerate(signal)
    ]
    return _text("person,time,forward,up,gait", rows)


def wide_csv() -> bytes:
    """A row a sequence: the upward part alone, the label first, semicolons and decimal commas as in Germany."""
    sequences = [(gait, signal[:, 1]) for _, gait, signal in _recordings()]
    longest = max(len(signal) for _, signal in sequences)
    rows = [
        ";".join([gait, *(f"{value:.3f}".replace(".", ",") for value in signal), *[""] * (longest - len(signal))])
        for gait, signal in sequences
    ]
    return _text(";".join(["gait", *(f"step {t}" for t in range(1, longest + 1))]), rows)


def arrays_npz() -> bytes:
    """Arrays x (N, T, D), y (N,) of words, and lengths (N,)."""
    recordings = list(_recordings())
    lengths = np.array([len(signal) for *_, signal in recordings])
    x = np.zeros((len(lengths), lengths.max(), 2), np.float32)
    for row, (*_, signal) in zip(x, recordings, strict=True):
        row[: len(signal)] = signal
    file = BytesIO()
    np.savez_compressed(file, x=x, y=np.array([gait for _, gait, _ in recordings]), lengths=lengths)
    return file.getvalue()


def changing_csv() -> bytes:
    """A row a step: 60 people who walk, run and climb stairs by turns; the gait of each step."""
    rng = np.random.default_rng(2019)
    rows = []
    for number in range(1, 61):
        t, phase = 0, rng.uniform(0, 2 * np.pi)
        before = ""
        for _ in range(rng.integers(3, 6)):
            gait = str(rng.choice([name for name in GAITS if name != before]))
            pace, strength, noise = GAITS[gait]
            for _ in range(rng.integers(20, 41)):
                phase += 2 * np.pi * pace / RATE
                forward, up = rng.normal([0.4 * strength * np.sin(phase / 2), 1 + strength * np.sin(phase)], noise)
                rows.append(f"p{number:02},{t / RATE:.2f},{forward:.3f},{up:.3f},{gait}")
                t += 1
            before = gait
    return _text("person,time,forward,up,gait", rows)


def pace_csv() -> bytes:
    """A row a step: 120 people at a pace of their own, which is a number: steps of the foot a second."""
    rng = np.random.default_rng(2020)
    rows = []
    for number in range(1, 121):
        pace, phase = rng.uniform(1.2, 3), rng.uniform(0, 2 * np.pi)
        for t in range(rng.integers(40, 61)):
            up = 1 + rng.normal(np.sin(2 * np.pi * pace * t / RATE + phase), 0.25)
            rows.append(f"p{number:03},{t / RATE:.2f},{up:.3f},{pace:.2f}")
    return _text("person,time,up,pace", rows)


def faulty_csv() -> bytes:
    """As `long_csv`, with a number missing, a word for a number, and a field too many."""
    head, *rows = long_csv().decode().splitlines()
    for at, place, what in ((MISSING_ROW, 2, ""), (WORD_ROW, 3, "broken"), (RAGGED_ROW, 4, "walking,left leg")):
        cells = rows[at].split(",")
        cells[place] = what
        rows[at] = ",".join(cells)
    return _text(head, rows)


EXAMPLES = {
    "A row a step (CSV)": ("gaits.csv", long_csv),
    "A row a sequence (CSV)": ("gaits-wide.csv", wide_csv),
    "Arrays (NPZ)": ("gaits.npz", arrays_npz),
    "A label a step (CSV)": ("gaits-by-turns.csv", changing_csv),
    "A number to be told (CSV)": ("paces.csv", pace_csv),
    "With faults (CSV)": ("gaits-faulty.csv", faulty_csv),
}


def _recordings() -> list[tuple[str, str, np.ndarray]]:
    """Name, gait, and (T, 2) numbers in g of each person, the same each time."""
    rng = np.random.default_rng(2018)
    found = []
    for number in range(PER_GAIT * len(GAITS)):
        gait = list(GAITS)[number % len(GAITS)]
        pace, strength, noise = GAITS[gait]
        t = np.arange(rng.integers(40, 61)) / RATE
        phase = 2 * np.pi * pace * rng.uniform(0.9, 1.1) * t + rng.uniform(0, 2 * np.pi)
        up = 1 + strength * rng.uniform(0.8, 1.2) * np.sin(phase)
        forward = 0.4 * strength * np.sin(phase / 2)  # a stride is two steps
        signal = np.stack([forward, up], axis=1) + rng.normal(0, noise, (len(t), 2))
        found.append((f"p{number + 1:03}", gait, signal))
    return found


def _text(head: str, rows: list[str]) -> bytes:
    return ("\n".join([head, *rows]) + "\n").encode()
