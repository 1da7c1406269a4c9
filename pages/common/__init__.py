"""What the pages share: the frame with its menu, models and their caches, forms, words. No page is here."""

from pages.common import drawing, link, words
from pages.common.curves import curves
from pages.common.drawing import drawing_field, drawn
from pages.common.forms import layer_picker, presets, task_settings
from pages.common.frame import MENU, page, refusals, show, show_drawing, show_to_click, sides, take_along
from pages.common.models import (
    Entry,
    Study,
    engine,
    entries,
    file_of,
    hard_accuracy,
    open_shared,
    pick,
    sampled_accuracy,
    sequences,
    states,
    study,
)
from pages.common.person import owner
from pages.common.table import actions, compare, download_model, table
from pages.common.timeline import timeline
from pages.common.tour import invite
from pages.common.training_form import run_settings

__all__ = [
    "MENU",
    "Entry",
    "Study",
    "actions",
    "compare",
    "curves",
    "download_model",
    "drawing",
    "drawing_field",
    "drawn",
    "engine",
    "entries",
    "file_of",
    "hard_accuracy",
    "invite",
    "layer_picker",
    "link",
    "open_shared",
    "owner",
    "page",
    "pick",
    "presets",
    "refusals",
    "run_settings",
    "sampled_accuracy",
    "sequences",
    "show",
    "show_drawing",
    "show_to_click",
    "sides",
    "states",
    "study",
    "table",
    "take_along",
    "task_settings",
    "timeline",
    "words",
]
