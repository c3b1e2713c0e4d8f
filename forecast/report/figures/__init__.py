"""Result tables as pictures: the only room with matplotlib, with ``report.explain``."""
