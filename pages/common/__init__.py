"""What the pages share: the frame with its menu, models and their caches, forms, words. No page is here."""

from pages.common import words
from pages.common.curves import curves
from pages.common.forms import layer_picker, run_settings, task_settings
from pages.common.frame import MENU, page, refusals, show
from pages.common.models import Entry, engine, entries, hard_accuracy, pick, sampled_accuracy, sequences, survey
from pages.common.person import owner

__all__ = [
    "MENU",
    "Entry",
    "curves",
    "engine",
    "entries",
    "hard_accuracy",
    "layer_picker",
    "owner",
    "page",
    "pick",
    "refusals",
    "run_settings",
    "sampled_accuracy",
    "sequences",
    "show",
    "survey",
    "task_settings",
    "words",
]
