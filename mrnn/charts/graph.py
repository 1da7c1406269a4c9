"""The chain of LSTMs as a graph: the numbers of a transition matrix once more, for those who read arrows better."""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pandas as pd

from mrnn.charts.colours import LESS, MORE, letters_on, lstm_colour
from mrnn.charts.picture import Picture, of_class
from mrnn.charts.transitions import difference_in_words

WIDTH, HEIGHT = 450, 370
RING = 112  # pixels from the middle to the middle of a node
WIDEST = 9.0  # pixels of an arrow that is always taken
FAINTEST = 0.02  # below this probability an arrow is left out
ALIKE = 20.0  # radius of nodes where their use is not told
LABELLED = 0.1  # from this probability on it says so ...
LARGEST_LABELLED = 8  # ... up to this k


def state_graph(transitions: pd.DataFrame, usage: pd.DataFrame, name: str) -> Picture:
    """The moves of one class as SVG: a node an LSTM, its area the share of steps; an arrow a move, as wide as probable.

    transitions  `analysis.transitions_by_class`
    usage        `analysis.usage_by_class`
    name         the class
    returns      drawn in the ink of whatever stands around it (currentColor); each part says its numbers in a title
    """
    moves = transitions[(transitions["class"] == name) & (transitions["probability"] >= FAINTEST)]
    own = usage[usage["class"] == name]
    share = dict(zip(own["lstm"].astype(int).tolist(), own["share"].tolist(), strict=True))
    k = len(share)
    place = {j: _on_ring(j - 1, k) for j in share}
    radius = {j: 9 + 30 * math.sqrt(part) for j, part in share.items()}
    arrows = []
    for start, end, chance, count in zip(*(moves[c] for c in ("from", "to", "probability", "count")), strict=True):
        told = f"LSTM {start} → {end}: {chance:.1%}, {count:,} times"
        arrows.append(_move(start, end, place, radius, chance, told, f"{chance:.0%}"))
    nodes = [_node(j, place[j], radius[j], f"{part:.1%} of the steps") for j, part in share.items()]
    words = _in_words(name, moves, share)
    every = transitions[transitions["class"] == name]
    every = every.assign(**{"share of steps of from": every["from"].map(share)})
    return Picture(_svg(words, arrows, nodes), words, every)


def difference_graph(difference: pd.DataFrame, first: str, second: str) -> Picture:
    """What two classes differ by as SVG: an arrow a move that chance does not explain, as wide as it is large.

    difference     `analysis.transition_difference`
    first, second  what the two are called; orange is more probable in the first, violet in the second
    """
    lstms = sorted(set(difference["from"].astype(int)))
    place = {j: _on_ring(j - 1, len(lstms)) for j in lstms}
    radius = dict.fromkeys(lstms, ALIKE)
    arrows = []
    told = difference[difference["beyond_chance"]]
    for start, end, gap in zip(*(told[c] for c in ("from", "to", "difference")), strict=True):
        words = f"LSTM {start} → {end}: {gap:+.1%}, more in {first if gap > 0 else second}"
        ink = MORE if gap > 0 else LESS
        arrows.append(_move(start, end, place, radius, abs(gap), words, f"{gap:+.0%}", ink))
    words = difference_in_words(difference, first, second)
    nodes = [_node(j, place[j], ALIKE, "") for j in lstms]
    return Picture(_svg(words, arrows, nodes), words, difference)


def _svg(words: str, arrows: list[str], nodes: list[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{escape(words, {chr(34): "&quot;"})}" font-family="sans-serif" '
        f'style="max-height: {HEIGHT + 50}px">{"".join(arrows)}{"".join(nodes)}</svg>'
    )


def _in_words(name: str, moves: pd.DataFrame, share: dict[int, float]) -> str:
    nodes = ", ".join(f"LSTM {j}: {part:.0%} of the steps" for j, part in share.items())
    arrows = ", ".join(
        f"{start} to {end} {chance:.0%}"
        for start, end, chance in zip(moves["from"], moves["to"], moves["probability"], strict=True)
    )
    return f"State graph of {of_class(name)}. {nodes}. Moves: {arrows}."


def _on_ring(number: int, k: int) -> tuple[float, float]:
    angle = 2 * math.pi * number / k - math.pi / 2
    reach = RING if k > 1 else 0
    return WIDTH / 2 + 1.15 * reach * math.cos(angle), HEIGHT / 2 + reach * math.sin(angle)


def _node(lstm: int, place: tuple[float, float], radius: float, told: str) -> str:
    (x, y), colour = place, lstm_colour(lstm)
    title = f"LSTM {lstm}" + (f": {told}" if told else "")
    return (
        f'<g class="node"><title>{title}</title>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"/>'
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{letters_on(colour)}" font-size="15" font-weight="bold" '
        f'text-anchor="middle" dominant-baseline="central">{lstm}</text></g>'
    )


def _move(
    start: int,
    end: int,
    place: dict[int, tuple[float, float]],
    radius: dict[int, float],
    weight: float,
    told: str,
    label: str,
    ink: str = "currentColor",
) -> str:
    """An arrow, or a loop; its width says the weight, from 0 to 1."""
    look = _Look(weight, told, label if len(place) <= LARGEST_LABELLED and weight >= LABELLED else "", ink)
    if start == end:
        return _loop(place[start], radius[start], look, len(place))
    return _arrow(place[start], place[end], radius[start], radius[end], look)


@dataclass(frozen=True)
class _Look:
    weight: float
    told: str
    label: str
    ink: str


def _arrow(start: tuple[float, float], end: tuple[float, float], r0: float, r1: float, look: _Look) -> str:
    """From rim to rim, bowed to its right, so that there and back do not lie on one another."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    far = math.hypot(dx, dy)
    ux, uy = dx / far, dy / far
    bow = 0.14 * far
    cx, cy = (x0 + x1) / 2 - uy * bow, (y0 + y1) / 2 + ux * bow
    a, b = _towards((x0, y0), (cx, cy), r0 + 2), _towards((x1, y1), (cx, cy), r1 + 3)
    line = f"M {a[0]:.1f} {a[1]:.1f} Q {cx:.1f} {cy:.1f} "
    # The label at the middle of the curve, which lies half-way to its control point.
    where = (x0 + x1) / 4 + cx / 2 - uy * 9, (y0 + y1) / 4 + cy / 2 + ux * 9
    return _stroke(line, b, (cx, cy), look, where)


def _loop(place: tuple[float, float], radius: float, look: _Look, k: int) -> str:
    """A stay: out of the node and back, on the side that is turned away from the middle."""
    x, y = place
    angle = math.atan2(y - HEIGHT / 2, (x - WIDTH / 2) / 1.15) if k > 1 else -math.pi / 2
    side, reach = 0.5, radius + 34
    a = x + (radius + 2) * math.cos(angle - side), y + (radius + 2) * math.sin(angle - side)
    b = x + (radius + 3) * math.cos(angle + side), y + (radius + 3) * math.sin(angle + side)
    c = [(x + reach * math.cos(angle + turn), y + reach * math.sin(angle + turn)) for turn in (-0.75, 0.75)]
    line = f"M {a[0]:.1f} {a[1]:.1f} C {c[0][0]:.1f} {c[0][1]:.1f} {c[1][0]:.1f} {c[1][1]:.1f} "
    where = x + (reach + 2) * math.cos(angle), y + (reach + 2) * math.sin(angle)
    return _stroke(line, b, c[1], look, where)


def _stroke(
    line: str, tip: tuple[float, float], before: tuple[float, float], look: _Look, where: tuple[float, float]
) -> str:
    width = 0.8 + (WIDEST - 0.8) * look.weight
    head = 4 + 1.1 * width
    end = _towards(tip, before, 0.8 * head)  # the line ends within its head
    dx, dy = tip[0] - end[0], tip[1] - end[1]
    far = math.hypot(dx, dy) or 1
    nx, ny = -dy / far * head * 0.55, dx / far * head * 0.55
    corners = f"{tip[0]:.1f},{tip[1]:.1f} {end[0] + nx:.1f},{end[1] + ny:.1f} {end[0] - nx:.1f},{end[1] - ny:.1f}"
    text = ""
    if look.label:
        text = (
            f'<text x="{where[0]:.1f}" y="{where[1]:.1f}" fill="currentColor" font-size="13" text-anchor="middle" '
            f'dominant-baseline="central">{look.label}</text>'
        )
    line_opacity, head_opacity = (0.45, 0.6) if look.ink == "currentColor" else (1, 1)
    return (
        f'<g class="move"><title>{escape(look.told)}</title><path d="{line}{end[0]:.1f} {end[1]:.1f}" fill="none" '
        f'stroke="{look.ink}" stroke-opacity="{line_opacity}" stroke-width="{width:.2f}"/>'
        f'<polygon points="{corners}" fill="{look.ink}" fill-opacity="{head_opacity}"/>{text}</g>'
    )


def _towards(start: tuple[float, float], end: tuple[float, float], step: float) -> tuple[float, float]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    far = math.hypot(dx, dy) or 1
    return start[0] + dx / far * step, start[1] + dy / far * step
