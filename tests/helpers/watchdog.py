"""A web server on this machine that stands in for healthchecks.io."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class Heard(list):
    """The paths that were asked for; and what came with them."""

    def __init__(self):
        super().__init__()
        self.bodies = []


@contextmanager
def watchdog(status=200):
    """A server on this machine; gives its address and the paths that were asked for."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            heard.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            self.send_response(status)
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - as http.server calls it

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()
