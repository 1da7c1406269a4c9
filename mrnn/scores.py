"""What is told of many answers, and how it is written: it follows from the kind of target."""

from mrnn.data import Target

SCORES: dict[Target, str] = {"class": "accuracy", "labels": "macro F1", "value": "R²"}
MEANINGS: dict[Target, str] = {
    "class": "Share of answers that are right.",
    "labels": "Macro F1: how well each label is told from its absence, the mean over labels; 1 is perfect.",
    "value": "R²: the share of the values' variance that the answers explain; 1 is perfect, 0 as good as their mean.",
}


def written(target: Target, score: float, digits: int = 2) -> str:
    """A score as people read it: 97.31%, or 0.973 where it is no share of answers.

    digits  after the point, of a percentage; other scores have one more than a percentage's share has
    """
    return f"{score:.{digits}%}" if target == "class" else f"{score:.{digits + 1}f}"


def written_with_name(target: Target, score: float) -> str:
    """A score with what it is: "97.31% right", or "macro F1 0.973"."""
    text = written(target, score)
    return f"{text} right" if target == "class" else f"{SCORES[target]} {text}"
