"""Result tables become pictures here, and nowhere else: the only room with matplotlib."""
