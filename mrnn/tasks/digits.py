"""Handwritten digits (MNIST) read row by row, and the way a drawing becomes one."""

import base64
import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from mrnn.data import SequenceData, Task, check_count

SHIFT, TURN, STRETCH, SLANT = 2.0, 0.15, 0.1, 0.15  # pixels, radians, and shares, at most, by which digits are varied
SIDE, BOX = 28, 20  # MNIST fits a digit into 20 x 20, then centres it in 28 x 28
GREYS = 16  # of a drawing that is kept as text
FAINT = 0.1  # of the darkest pixel: what lies below is paper, not ink
MNIST = Path(__file__).resolve().parents[2] / "assets" / "mnist.npz"


@cache
def _mnist() -> dict[str, np.ndarray]:
    if not MNIST.exists():
        raise ValueError(f"the digits need {MNIST}, which is missing; it comes with the repository")
    with np.load(MNIST, allow_pickle=False) as file:
        return {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}


@dataclass(frozen=True)
class Digits(Task):
    """Which digit? T = 28 rows, from top to bottom, of D = 28 pixels in 0..1.

    source  MNIST, by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0
    """

    name: ClassVar[str] = "digits"
    title: ClassVar[str] = "Digits (MNIST)"
    summary: ClassVar[str] = "Which digit is it, read row by row from the top?"
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")
    input_size: ClassVar[int] = SIDE
    is_image: ClassVar[bool] = True

    def make(self, n: int, seed: int) -> SequenceData:
        """n digits drawn from the test digits, without repeats up to all 10,000."""
        check_count(n)
        rng = np.random.default_rng(seed)
        images, labels = _mnist()["x_test"], _mnist()["y_test"]
        index = rng.choice(len(labels), n, replace=n > len(labels))
        return _rows(images[index], labels[index])

    def augment(self, data: SequenceData, rng: np.random.Generator) -> SequenceData:
        """Each digit moved, turned, stretched and slanted a little.

        source  the affine distortions of Simard, Steinkraus and Platt, "Best practices for convolutional neural
                networks applied to visual document analysis", 2003, by bilinear interpolation
        """
        n = len(data)
        turn, slant = TURN * rng.uniform(-1, 1, n), SLANT * rng.uniform(-1, 1, n)
        stretch = 1 + STRETCH * rng.uniform(-1, 1, (2, n))
        shift = SHIFT * rng.uniform(-1, 1, (2, n))
        cos, sin = np.cos(turn), np.sin(turn)
        matrix = np.array([[cos, -sin + slant * cos], [sin, cos + slant * sin]]) / stretch[:, None]  # (2, 2, n)
        return replace(data, x=_resample(data.x, matrix, shift))

    @property
    def extent(self) -> tuple[int, int]:
        """60,000 digits of 28 rows."""
        return 60_000, SIDE

    def split(self) -> tuple[SequenceData, SequenceData]:
        """MNIST's own 60,000 training and 10,000 test digits."""
        mnist = _mnist()
        return _rows(mnist["x_train"], mnist["y_train"]), _rows(mnist["x_test"], mnist["y_test"])


def _rows(images: np.ndarray, labels: np.ndarray) -> SequenceData:
    """images (N, 28, 28) uint8 and labels (N,) as sequences."""
    return SequenceData(images.astype(np.float32) / 255, labels.astype(np.int64), np.full(len(labels), SIDE))


def _resample(images: np.ndarray, matrix: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Images through an affine map of their places: pixel r comes from matrix (r - centre) + centre + shift.

    images  (N, 28, 28); matrix (2, 2, N) and shift (2, N) in (row, column), pixels
    """
    n = len(images)
    middle = (SIDE - 1) / 2
    places = np.indices((SIDE, SIDE)).reshape(2, -1) - middle  # (2, 784)
    source = np.einsum("abn,bp->anp", matrix, places) + middle + shift[..., None]
    # One pixel of paper all around, so that what comes from outside is paper.
    paper = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    source = np.clip(source + 1, 0, SIDE + 0.999)
    corner = source.astype(np.intp)
    below, right = (source - corner).astype(np.float32)
    width = SIDE + 2
    flat = paper.reshape(-1)
    at = corner[0] * width + corner[1] + np.arange(n)[:, None] * width**2
    above = flat[at] * (1 - right) + flat[at + 1] * right
    under = flat[at + width] * (1 - right) + flat[at + width + 1] * right
    return (above * (1 - below) + under * below).reshape(images.shape)


def to_mnist(drawing: np.ndarray) -> np.ndarray:
    """Bring a drawing to MNIST's form.

    Its bounding box is scaled to fit 20 x 20 with its proportions kept, smoothly, then centred
    by its centre of mass in 28 x 28, as MNIST's authors did.

    drawing  (height, width) float: ink in 0..1, 0 where the paper shows
    returns  (28, 28) float32 in 0..1
    raises   ValueError if nothing is drawn, or a value is not finite
    source   http://yann.lecun.com/exdb/mnist
    """
    ink = np.asarray(drawing, dtype=np.float32)
    if ink.ndim != 2 or not ink.size:
        raise ValueError(f"a drawing must have the axes (height, width), got shape {ink.shape}")
    if not np.isfinite(ink).all():
        raise ValueError("a drawing must be finite, but it holds NaN or infinity")
    ink = np.clip(ink, 0, 1)
    if ink.max() < FAINT:
        raise ValueError("the drawing is empty; draw a digit first")
    rows, columns = (np.flatnonzero((ink > FAINT * ink.max()).any(axis=a)) for a in (1, 0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(box.shape)
    height, width = (max(1, round(side * scale)) for side in box.shape)
    small = np.asarray(Image.fromarray(box).resize((width, height), Image.Resampling.BILINEAR))
    page = np.zeros((SIDE, SIDE), np.float32)
    # Whole pixels, so that strokes stay as sharp as MNIST's; and no further than the edge, so that no ink is lost.
    top = _start(small.sum(axis=1))
    left = _start(small.sum(axis=0))
    page[top : top + height, left : left + width] = np.clip(small, 0, 1)
    return page


def _start(mass: np.ndarray) -> int:
    """Where ink with this mass a row (or column) begins, so that its centre lies where MNIST's do, on pixel 14."""
    centre = float(mass @ np.arange(len(mass)) / mass.sum())
    return min(max(round(SIDE / 2 - centre), 0), SIDE - len(mass))


def pack(image: np.ndarray) -> str:
    """A picture as short text that may stand in an address; `unpack` makes the picture of it again, in 16 greys.

    image    (28, 28) float in 0..1
    returns  about 170 letters, digits, - and _: the pixels, two a byte, deflated, in base64
    raises   ValueError if it is no such picture
    """
    if image.shape != (SIDE, SIDE) or not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(f"a picture to pack must be ({SIDE}, {SIDE}) numbers from 0 to 1, got shape {image.shape}")
    greys = np.rint(image.ravel() * (GREYS - 1)).astype(np.uint8)
    deflate = zlib.compressobj(9, wbits=-15)
    small = deflate.compress((greys[::2] * GREYS + greys[1::2]).tobytes()) + deflate.flush()
    return base64.urlsafe_b64encode(small).decode().rstrip("=")


def unpack(text: str) -> np.ndarray:
    """The picture that `pack` made into text.

    returns  (28, 28) float32 in 0..1
    raises   ValueError if the text is not of `pack`
    """
    size = SIDE * SIDE // 2
    try:
        small = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        both = zlib.decompressobj(wbits=-15).decompress(small, size + 1)  # no more, whatever the text promises
    except (ValueError, zlib.error):
        both = b""
    if len(both) != size:
        raise ValueError(f"the text of a drawing must be one that pack() made, got {text[:20]!r}; draw the digit again")
    pixels = np.frombuffer(both, np.uint8)
    greys = np.stack([pixels // GREYS, pixels % GREYS], axis=-1).reshape(SIDE, SIDE)
    return greys.astype(np.float32) / (GREYS - 1)
