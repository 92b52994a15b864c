"""Serves `/PAGE`: how often it was visited."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from visits import Counter


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        counter = Counter(os.environ["DATABASE"])
        try:
            body = f"{counter.visit(self.path)}\n".encode()
        finally:
            counter.close()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("", 8080), Page).serve_forever()
