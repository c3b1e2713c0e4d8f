"""A page read back: its text, tags and links."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img"}


class Reader(HTMLParser):
    """Reads a page as a browser does, and is strict about tags that are never closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.attributes = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data.replace("\u00a0", " "))  # a reader sees a space, which only holds a line together
