"""A hub on this machine: both languages over real HTTP, with the faults that lines and servers have."""

import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" * 6


def git_blob(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class StandIn:
    """Serves ``files`` (path -> bytes) of one repository; ``faults`` (path -> list), one used up a request.

    A fault is a status code to answer, ("cut", n) to break off after n bytes, ("wrong", n) to spoil byte n,
    ("whole",) to ignore that only a part was asked for, ("slow", seconds) to rest after every 64 kB,
    ("late", n) to break off n bytes before the end, ("hang", n) to fall silent for good after n bytes.
    """

    def __init__(self, repository, files):
        self.repository, self.files = repository, files
        self.faults, self.asked = {}, []
        self.licence, self.released = "apache-2.0", Event()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                stand_in.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        url = urlsplit(request.path)
        path, query = unquote(url.path), {key: value[0] for key, value in parse_qs(url.query).items()}
        repository = self.repository
        stored = {f"/store/{git_blob(name.encode())}": name for name in self.files}
        if path.startswith(f"/api/models/{repository}/revision/"):
            self.listing(request, self.hugging_face())
        elif path == f"/api/v1/models/{repository}/repo/files":
            self.listing(request, self.modelscope())
        elif path == f"/api/v1/models/{repository}":
            self.listing(request, {"Code": 200, "Data": {"License": self.licence}})
        elif path == f"/api/v1/models/{repository}/repo":
            self.send(request, query["FilePath"])
        elif path.startswith(f"/{repository}/resolve/{COMMIT}/"):
            # the real one, too, sends files from another place
            name = path.removeprefix(f"/{repository}/resolve/{COMMIT}/")
            self.status(request, 302, f"{self.address}/store/{git_blob(name.encode())}")
        elif path in stored:
            self.send(request, stored[path])
        else:
            self.status(request, 404)

    def hugging_face(self):
        siblings = []
        for path, content in self.files.items():
            entry = {"rfilename": path, "size": len(content), "blobId": git_blob(content)}
            if not path.endswith((".json", ".md")):
                entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            siblings.append(entry)
        return {"sha": COMMIT, "siblings": siblings, "cardData": {"license": self.licence}}

    def modelscope(self):
        files = [{"Path": "high_noise_model", "Type": "tree", "Size": 0, "Sha256": ""}]
        for path, content in self.files.items():
            digest = hashlib.sha256(content).hexdigest()
            files.append({"Path": path, "Type": "blob", "Size": len(content), "Sha256": digest})
        return {"Code": 200, "Data": {"Files": files}}

    def listing(self, request, document):
        self.asked.append(("listing", None))
        if self.faults.get("listing"):
            self.status(request, self.faults["listing"].pop(0))
            return
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def status(self, request, code, location=None):
        request.send_response(code)
        if location:
            request.send_header("Location", location)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def write(self, request, content, rest):
        try:
            for begin in range(0, len(content), 1 << 16):
                request.wfile.write(content[begin : begin + (1 << 16)])
                time.sleep(rest)
        except OSError:  # the client has gone
            pass

    def send(self, request, name):
        content, first = self.files[name], 0
        asked = request.headers.get("Range")
        self.asked.append((name, asked))
        waiting = self.faults.get(name)
        fault = waiting.pop(0) if waiting else None
        if isinstance(fault, int):
            self.status(request, fault)
            return
        kind, amount = (*(fault or ("", 0)), 0)[:2]
        if asked and kind != "whole":
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            if first >= len(content):
                self.status(request, 416)
                return
        request.send_response(206 if first else 200)
        if first:
            request.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - first))
        request.end_headers()
        if kind == "wrong":
            content = content[:amount] + bytes([content[amount] ^ 1]) + content[amount + 1 :]
        ends = {"cut": first + amount, "hang": first + amount, "late": len(content) - amount}
        end = ends.get(kind, len(content))
        self.write(request, content[first:end], amount if kind == "slow" else 0)
        if kind == "hang":
            self.released.wait()
        if end < len(content):
            request.close_connection = True
