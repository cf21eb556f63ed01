"""A plain static server with the registry's routes for one blob: bytes go out by sendfile, ranges are served.

usage: pull-server.py FILE SHA256HEX [LATENCY_SECONDS BYTES_PER_SECOND_AND_CONNECTION]
Prints its port. The last two slow every answer and every connection down.
"""
import http.server, json, os, re, socket, socketserver, sys, time

path, hexdigest = sys.argv[1], sys.argv[2]
latency = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
rate = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0
size = os.path.getsize(path)
import hashlib

config = b'{"model_format":"gguf"}\n'
config_digest = "sha256:" + hashlib.sha256(config).hexdigest()
manifest = json.dumps({
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": config_digest, "size": len(config)},
    "layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:" + hexdigest, "size": size}],
}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.respond(False)

    def do_GET(self):
        self.respond(True)

    def respond(self, with_body):
        if latency:
            time.sleep(latency)
        if "/manifests/" in self.path or self.path.endswith(config_digest):
            body = manifest if "/manifests/" in self.path else config
            start, end, total = 0, len(body), len(body)
        else:
            body, start, end, total = None, 0, size, size
        asked = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range", ""))
        if asked:
            start = int(asked[1])
            end = min(int(asked[2]) + 1 if asked[2] else total, total)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{total}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        if not with_body:
            return
        if body is not None:
            self.wfile.write(body[start:end])
            return
        self.wfile.flush()
        begun, sent, step = time.monotonic(), 0, 1 << 20 if rate else 1 << 30
        with open(path, "rb") as file:
            while start < end:
                count = os.sendfile(self.connection.fileno(), file.fileno(), start, min(step, end - start))
                if count == 0:
                    break
                start += count
                sent += count
                if rate:
                    time.sleep(max(0, sent / rate - (time.monotonic() - begun)))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
