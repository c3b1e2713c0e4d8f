import matplotlib
from matplotlib.colors import to_rgb

from forecast.models.registry import MODELS
from forecast.report.figures.style import house_style, styles_of, wrapped


def test_every_model_has_a_colour_and_a_marker_of_its_own():
    styles = [record.style for record in MODELS.values()]
    assert len({style.colour for style in styles}) == len(styles)
    assert len({style.marker for style in styles}) == len(styles)


def test_networks_are_solid_and_coloured_and_baselines_dashed_and_grey():
    for name, style in ((name, record.style) for name, record in MODELS.items()):
        channels = to_rgb(style.colour)
        assert style.is_baseline == (name not in {"rnn", "lstm", "gru", "linear", "ensemble"})
        assert (style.dashes == "solid") == (not style.is_baseline)
        assert (max(channels) - min(channels) < 0.2) == style.is_baseline


def test_a_model_looks_the_same_whatever_stands_beside_it():
    assert styles_of(["lstm", "x", "naive"])["naive"] == styles_of(["naive", "gru"])["naive"]


def test_unknown_models_get_styles_that_no_other_has():
    names = ["lstm", "tutorial", "champion", "challenger", "shop v3", "tutorial"]
    styles = styles_of(names)
    assert list(styles) == names[:-1]
    assert len({style.colour for style in styles.values()}) == 5


def test_more_unknown_models_than_spare_styles_still_get_one():
    assert len(styles_of([f"model {i}" for i in range(40)])) == 40


def test_wrapped_text_keeps_every_letter_that_fits():
    text = "a long name " * 6
    assert wrapped(text, 30).replace("\n", " ") == text.strip()
    assert max(map(len, wrapped("W" * 80, 30).split("\n"))) < 20
    assert wrapped("x" * 80, 30).replace("\n", "") == "x" * 80


def test_wrapped_text_that_does_not_fit_ends_in_an_ellipsis():
    lines = wrapped("word " * 100, 20, lines=2).split("\n")
    assert len(lines) == 2
    assert lines[-1].endswith("…")


def test_letters_that_cannot_be_drawn_become_blanks():
    assert wrapped("a\x00b\tc\nd\udcff", 30) == "a b c d"


def test_house_style_leaves_all_settings_as_they_were():
    before = dict(matplotlib.rcParams)
    with house_style():
        assert matplotlib.rcParams["text.parse_math"] is False
    assert dict(matplotlib.rcParams) == before


def test_house_style_does_not_care_for_the_settings_of_the_user():
    with (
        matplotlib.rc_context({"text.usetex": True, "axes.facecolor": "black", "axes.unicode_minus": False}),
        house_style(),
    ):
        assert matplotlib.rcParams["text.usetex"] is False
        assert matplotlib.rcParams["axes.facecolor"] == "white"
        assert matplotlib.rcParams["axes.unicode_minus"] is True
