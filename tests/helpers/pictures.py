"""What the tests of pictures ask of a figure after it was drawn."""

from itertools import combinations

from matplotlib.text import Text

HOSTILE = [
    "$x_1^",
    "<script>alert('&amp;')</script>",
    "a series id of eighty letters that goes on and on until nobody wants to read it any more"[:80],
    "W" * 80,
    "売上 Größe 🛒 مبيعات",
    "tab\there\x00\n\udcff",
    "_hidden",
    "%s {x} \\frac",
    "",
]


HOSTILE_TARGETS = [HOSTILE[1], HOSTILE[3], HOSTILE[5]]


def texts_of(figure):
    """All text that is drawn: matplotlib also keeps labels beyond the limits of an axis, and draws none of them."""
    beyond = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            for tick in axis.get_major_ticks():
                if not low - slack <= tick.get_loc() <= high + slack:
                    beyond |= {tick.label1, tick.label2}
    texts = figure.findobj(Text)
    return [text for text in texts if text.get_visible() and text.get_text().strip() and text not in beyond]


def words_of(figure):
    return " | ".join(text.get_text().replace("\n", " ") for text in texts_of(figure))


def lines_of(axes):
    """The lines drawn from data, by colour."""
    return [line for line in axes.get_lines() if line.get_transform() == axes.transData]


def assert_all_text_is_inside_and_apart(figure):
    frame = figure.bbox.padded(1)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
    for words, box in boxes:
        inside = box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1
        assert inside, f"{words!r} is cut off: {box}"
    for (one, a), (other, b) in combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert width <= 1 or height <= 2.5, f"{one!r} lies on {other!r}"
