"""The Compare page, run without a browser: what its form asks for, and what it shows of what was trained."""

from mrnn import comparison, runs, sweeps
from mrnn.matching import count_weights
from tests.test_pages import no_real_training, owner_of, said, visit

PAGE = "pages/compare.py"
__all__ = ["no_real_training"]  # a fixture that these tests use, too


def test_what_is_chosen_is_what_is_trained_all_of_one_size():
    app = visit(PAGE)
    assert "**5 networks x 3 seeds** on Alien waves" in said(app)
    app.button_group(key="c_cells").set_value(["lstm", "elman", "peephole"]).run()
    app.slider(key="c_seeds").set_value(2).run()
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    table = comparison.contenders(comparison.outcomes(sweep))
    names = ["MRNN, k = 1", "MRNN, k = 4", "MRNN, k = 4, own carry", "LSTM", "Elman", "LSTM with peepholes"]
    assert list(table["network"]) == names
    assert (table["runs"] == 2).all()
    base = count_weights(sweep.config.base.model)
    assert table["weights"].between(0.97 * base, 1.03 * base).all()
    assert "Figures come in as runs end." in said(app)


def test_one_network_alone_is_no_comparison():
    app = visit(PAGE)
    app.button_group(key="c_cells").set_value(["gru"]).run()
    app.button_group(key="c_k").set_value([]).run()
    assert [e.value for e in app.error] == ["a comparison needs two networks or more: choose another one"]
    assert app.button(key="start").disabled


def test_a_comparison_is_seen_by_others_only_once_it_is_published():
    app = visit(PAGE)
    app.slider(key="c_seeds").set_value(1).run()
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    for public in (False, True):
        sweeps.publish(sweep.id, sweep.owner, public)
        other = visit(key="b" * 32)
        other.query_params["sweep"] = sweep.id
        other.switch_page(PAGE).run()
        assert ("networks with the same number of weights" in said(other)) == public
        assert ("There is no comparison to be seen at this address" in said(other)) != public
    assert len(runs.list_runs(sweep.owner)) == sweep.total


def test_a_comparison_that_is_begun_is_shown_in_place_of_the_one_that_was_opened():
    theirs = visit(PAGE)
    theirs.slider(key="c_seeds").set_value(1).run()
    theirs.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(theirs))
    sweeps.publish(sweep.id, sweep.owner, True)
    app = visit(key="b" * 32)
    app.query_params["sweep"] = sweep.id
    app.switch_page(PAGE).run()
    assert "sweep" in app.query_params
    app.slider(key="c_seeds").set_value(2).run()
    app.button(key="start").click().run()
    assert "sweep" not in app.query_params
    assert "Stop" in [button.label for button in app.button]


def test_a_sweep_that_compares_no_networks_is_no_comparison():
    app = visit("pages/sweeps.py")
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    app.query_params["sweep"] = sweep.id
    app.switch_page(PAGE).run()
    assert "There is no comparison to be seen at this address" in said(app)
    assert not app.exception
