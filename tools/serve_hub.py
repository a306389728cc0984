#!/usr/bin/python3
"""Serves checkpoint folders as a hub does, to measure or try fetching without one.

    tools/serve_hub.py ORG/NAME=FOLDER ... [--port N] [--rate MB]

    HF_ENDPOINT=http://127.0.0.1:N gerbil pull ORG/NAME

Answers /api/models/ORG/NAME/revision/main, and /ORG/NAME/resolve/REVISION/FILE with ranges and ETags (SHA-256 of
*.safetensors, computed at the start; Git's of the others). --rate: MB a second of all connections together. The port
that it listens on is printed; with --port 0, the default, it is any free one.
"""
import argparse
import hashlib
import http.server
import json
import os
import re
import threading
import time
import urllib.parse

PIECE = 1 << 18


class Meter:
    """Lets bytes pass at a rate, whoever asks."""

    def __init__(self, bytes_s):
        self.bytes_s, self.lock, self.due = bytes_s, threading.Lock(), time.monotonic()

    def take(self, size):
        if not self.bytes_s:
            return
        with self.lock:
            self.due = max(self.due, time.monotonic() - 0.05) + size / self.bytes_s
            wait = self.due - time.monotonic()
        if wait > 0:
            time.sleep(wait)


def etag_of(path):
    if path.endswith(".safetensors"):
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    with open(path, "rb") as file:
        data = file.read()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def read_repo(folder):
    files = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            files[name] = (path, os.path.getsize(path), etag_of(path))
    commit = hashlib.sha1(json.dumps(sorted((n, f[2]) for n, f in files.items())).encode()).hexdigest()
    return commit, files


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = urllib.parse.unquote(self.path.split("?")[0])
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/.+", path)
        if api and api[1] in self.server.repos:
            commit, files = self.server.repos[api[1]]
            body = {"id": api[1], "sha": commit, "siblings": [{"rfilename": name} for name in files]}
            return self.answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
        commit, files = self.server.repos.get(file[1], ("", {})) if file else ("", {})
        if not file or file[2] not in files:
            return self.answer(404, {"X-Error-Code": "EntryNotFound"})
        return self.send_file(*files[file[2]])

    do_HEAD = do_GET

    def send_file(self, path, size, etag):
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        first, last = (int(asked[1]), min(int(asked[2]), size - 1)) if asked else (0, size - 1)
        if first > last + 1 or (asked and first >= size):
            return self.answer(416, {"Content-Range": f"bytes */{size}"})
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{etag}"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.flush()
        with open(path, "rb") as file:
            while first <= last:
                self.server.meter.take(min(PIECE, last + 1 - first))
                first += os.sendfile(self.connection.fileno(), file.fileno(), first, min(PIECE, last + 1 - first))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(description="Serves checkpoint folders as a hub does.")
    parser.add_argument("repos", nargs="+", metavar="ORG/NAME=FOLDER")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0, metavar="MB")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.meter = Meter(options.rate * 1e6)
    server.repos = {}
    for repo in options.repos:
        name, _, folder = repo.partition("=")
        server.repos[name] = read_repo(folder)
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
