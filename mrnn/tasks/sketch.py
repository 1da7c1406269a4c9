"""A wave that a person drew: a curve of some points, brought to any number of steps, and as text for an address."""

import base64

import numpy as np

POINTS = 101  # of a curve, lying evenly from its beginning to its end
STEP, MOST = 0.02, 125  # heights are whole steps of 0.02, at most 125 of them up or down: from -2.5 to 2.5


def resample(heights: np.ndarray, T: int) -> np.ndarray:
    """The curve at T evenly spaced places, its ends included, straight between its points.

    heights  (P,) of the points, P >= 2
    returns  (T,)
    """
    return np.interp(np.linspace(0, len(heights) - 1, T), np.arange(len(heights)), heights)


def fitting(signal: np.ndarray) -> np.ndarray:
    """(101,): the curve through a signal's (T,) steps as `pack` takes it; what is too high is cut off."""
    return np.clip(resample(signal, POINTS), -STEP * MOST, STEP * MOST)


def pack(heights: np.ndarray) -> str:
    """A curve as 135 letters, digits, - and _ that may stand in an address; `unpack` makes the curve of them again.

    heights  (101,) in -2.5..2.5; kept to 0.01
    raises   ValueError if it is no such curve
    """
    heights = np.asarray(heights, dtype=float)
    if heights.shape != (POINTS,) or not (np.abs(heights) <= STEP * MOST).all():
        raise ValueError(
            f"a curve to pack must be {POINTS} numbers from {-STEP * MOST:g} to {STEP * MOST:g}, "
            f"got shape {heights.shape}"
        )
    steps = np.rint(heights / STEP).astype(np.int8)
    return base64.urlsafe_b64encode(steps.tobytes()).decode().rstrip("=")


def unpack(text: str) -> np.ndarray:
    """The curve that `pack` made into text.

    returns  (101,) in -2.5..2.5
    raises   ValueError if the text is not of `pack`
    """
    try:
        steps = np.frombuffer(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True), np.int8)
    except ValueError:
        steps = np.zeros(0, np.int8)
    if steps.shape != (POINTS,) or np.abs(steps.astype(int)).max() > MOST:
        raise ValueError(f"the text of a curve must be one that pack() made, got {text[:20]!r}; draw the wave again")
    return steps * STEP


SINE = pack(np.sin(np.linspace(0, 20, POINTS)))  # what a drawing begins with: a plain wave of phase 0
