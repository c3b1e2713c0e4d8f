"""Result tables become pictures here, and nowhere else: the only room with matplotlib."""

import logging

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of a home that can't be written to it would say so each time
