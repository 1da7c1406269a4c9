"""Colour j is LSTM j in every chart; probability is always one sequential map.

What has no colour of its own (signals, letters, axes) is drawn in the theme's ink.
"""

import altair as alt

LSTM_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70",
    "#717581", "#92dadd", "#6c04fb", "#304574", "#7d2723", "#34f2b9", "#6c344d", "#c02df6",
)  # fmt: skip
CURSOR_COLOUR = "#ff2d95"  # seen on both ends of cividis, and no LSTM's
CIVIDIS = (
    "#002051", "#012b65", "#11366c", "#25416e", "#3b4c6e", "#4f576e", "#61636f", "#706f71", "#7e7b75",
    "#8a8677", "#989278", "#a69f77", "#b7ac73", "#caba6a", "#dec85f", "#f0d652", "#fce647",
)  # fmt: skip
DIVERGING = ("#542788", "#998ec3", "#d8daeb", "#f7f7f7", "#fee0b6", "#f1a340", "#b35806")  # from -1 to 1; 0 is white
MORE, LESS = "#d07614", "#8b7cc4"  # lines for what is above and below 0, on light and on dark
PROBABILITY = alt.Scale(scheme="cividis", domain=[0, 1])
BRIGHT = 0.35  # relative luminance from which black letters read better than white ones


def lstm_colour(lstm: int) -> str:
    """The colour of LSTM `lstm`, counted from 1; from 17 on colours come again."""
    return LSTM_COLOURS[(lstm - 1) % len(LSTM_COLOURS)]


def by_lstm(k: int, field: str = "lstm:N", *, legend: bool = False) -> alt.Color:
    """The encoding that gives each of k LSTMs its colour."""
    numbers = list(range(1, k + 1))
    scale = alt.Scale(domain=numbers, range=[lstm_colour(j) for j in numbers])
    shown = alt.Legend(title="LSTM", orient="top", titleOrient="left", symbolType="square") if legend else None
    return alt.Color(field, scale=scale, legend=shown)


def by_probability(field: str, title: str, *, offset: float = 8) -> alt.Color:
    """The encoding of a probability in 0..1, its legend `offset` pixels above the picture."""
    return alt.Color(field, scale=PROBABILITY, legend=gradient_legend(title, offset=offset))


def gradient_legend(title: str, *, offset: float = 8) -> alt.Legend:
    """A legend of one line: the title, and a bar beside it."""
    return alt.Legend(
        title=title,
        orient="top",
        titleOrient="left",
        gradientLength=120,
        gradientThickness=8,
        offset=offset,
        tickCount=2,
    )


def letters_in_ink(text: alt.Chart) -> alt.Chart:
    """A chart of text marks or rules in the theme's ink, its first categorical colour; unless told, they are black."""
    return text.transform_calculate(letters="''").encode(color=alt.Color("letters:N", legend=None))


def letters_on(colour: str) -> str:
    """Black letters on a bright colour, white ones on a dark one."""
    return "#111111" if _luminance(colour) > BRIGHT else "#ffffff"


def letters_on_lstm(k: int, field: str = "lstm") -> alt.ExprRef:
    """Black letters on the bright colours of k LSTMs, white ones on the dark."""
    letters = [letters_on(lstm_colour(j)) for j in range(1, k + 1)]
    return alt.ExprRef(f"{letters}[datum.{field} - 1]")


def letters_on_probability(field: str) -> alt.ExprRef:
    """Black letters on the bright end of cividis, white ones on the dark."""
    return alt.ExprRef(f"datum.{field} > 0.55 ? '#111111' : '#ffffff'")


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
