"""An HTTP server on this machine that keeps what it is told."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Keeps what it is told, and answers with ``statuses`` one after another, then 204."""

    daemon_threads = True

    def __init__(self, answer=None):
        self.heard, self.statuses, self.answer = [], [], answer
        super().__init__(("127.0.0.1", 0), _Ear)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Ear(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.heard.append((dict(self.headers), body))
        if self.server.answer:
            self.server.answer(self)
            return
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def receiver(answer=None):
    server = Receiver(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
