import pytest

from forecast.decoding import decode, encode
from forecast.widening import USUAL, Widening, held_text, is_own_width, widening_sentence, width_text


@pytest.mark.parametrize(
    ("factor", "text"), [(1.14, "14 % wider"), (2.5, "150 % wider"), (0.92, "8 % narrower"), (0.5, "50 % narrower")]
)
def test_a_factor_is_told_in_per_cent(factor, text):
    assert width_text(factor) == text
    assert not is_own_width(factor)


@pytest.mark.parametrize("factor", [1.0, 1.004, 0.996])
def test_of_what_rounds_to_nothing_no_sentence_tells(factor):
    assert is_own_width(factor)
    assert widening_sentence("v2", Widening(factor, held=0.8, points=9)) == ""


def test_the_sentence_tells_what_it_stands_on():
    assert widening_sentence("v2", Widening(1.14, held=0.62, points=1056, origins=8)) == (
        "Intervals are 14 % wider than v2's own: of the last 1,056 issued points that came true, "
        "62 % lay in their version's own 80 % interval."
    )
    assert "last 1 issued point that" in held_text(Widening(held=1.0, points=1))


def test_a_document_of_a_newer_program_is_read_as_far_as_it_is_known():
    widening = Widening(1.14, 80, 0.62, 56, 8, "2026-01-02T03:15:00+00:00")
    assert decode(Widening, {**encode(widening), "by_step": [1, 2]}) == widening
    assert decode(Widening, {}) == USUAL


@pytest.mark.parametrize(("factor", "sound"), [(0.5, True), (3.0, True), (0.49, False), (3.1, False), (-1.0, False)])
def test_factors_that_no_program_gives_are_not_sound(factor, sound):
    assert Widening(factor).is_sound is sound
