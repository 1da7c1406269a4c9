"""What the pages share: the frame with its menu, models and their caches, forms, words. No page is here."""

from pages.common import asked, drawing, link, recipe, shown, standing, words
from pages.common.answer import Told, in_its_unit, judged, right_in_its_unit, told, told_of_many
from pages.common.curves import curves, tau_beside_accuracy
from pages.common.drawing import drawing_field, drawn, drawn_wave, wave_field
from pages.common.forms import layer_picker, presets, task_settings
from pages.common.frame import (
    MENU,
    in_numbers,
    page,
    refusals,
    refuse,
    show,
    show_table,
    show_to_click,
    sides,
    take_along,
)
from pages.common.gallery import gallery
from pages.common.hidden import hidden_markov, hides
from pages.common.measures import measured
from pages.common.models import (
    Entry,
    begin_named,
    engine,
    entries,
    file_of,
    open_named,
    open_shared,
    outcome,
    pick,
    say_missing,
    tell_private,
    usual_of,
)
from pages.common.own_data import (
    answered,
    begin_task,
    forgotten,
    keep_task,
    read_arrays,
    read_table,
    task_title,
    tasks,
)
from pages.common.past import KEPT, Past, past_of, pasts
from pages.common.person import owner
from pages.common.seen import look_at, show_seen
from pages.common.studies import Study, aligned, counted_on_two, kept, sequences, states, study
from pages.common.table import actions, compare, download_model, table
from pages.common.timeline import MOST_LINES, drawable, pictured, timeline
from pages.common.tour import invite
from pages.common.training_form import begin_with_task, offer_training, run_settings, settings_presets
from pages.common.verdict import beyond_chance, partners_beyond_chance

__all__ = [
    "KEPT",
    "MENU",
    "MOST_LINES",
    "Entry",
    "Past",
    "Study",
    "Told",
    "actions",
    "aligned",
    "answered",
    "asked",
    "begin_named",
    "begin_task",
    "begin_with_task",
    "beyond_chance",
    "compare",
    "counted_on_two",
    "curves",
    "download_model",
    "drawable",
    "drawing",
    "drawing_field",
    "drawn",
    "drawn_wave",
    "engine",
    "entries",
    "file_of",
    "forgotten",
    "gallery",
    "hidden_markov",
    "hides",
    "in_its_unit",
    "in_numbers",
    "invite",
    "judged",
    "keep_task",
    "kept",
    "layer_picker",
    "link",
    "look_at",
    "measured",
    "offer_training",
    "open_named",
    "open_shared",
    "outcome",
    "owner",
    "page",
    "partners_beyond_chance",
    "past_of",
    "pasts",
    "pick",
    "pictured",
    "presets",
    "read_arrays",
    "read_table",
    "recipe",
    "refusals",
    "refuse",
    "right_in_its_unit",
    "run_settings",
    "say_missing",
    "sequences",
    "settings_presets",
    "show",
    "show_seen",
    "show_table",
    "show_to_click",
    "shown",
    "sides",
    "standing",
    "states",
    "study",
    "table",
    "take_along",
    "task_settings",
    "task_title",
    "tasks",
    "tau_beside_accuracy",
    "tell_private",
    "timeline",
    "told",
    "told_of_many",
    "usual_of",
    "wave_field",
    "words",
]
