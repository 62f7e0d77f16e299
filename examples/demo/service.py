"""A small HTTP service that answers only to the right token: the other side of the demo.

The token comes in on standard input, the port that was chosen goes out on standard output.
"""

import http.server
import json
import sys

READINGS = [{"station": "harbour", "pm25": 8.4}, {"station": "old town", "pm25": 17.9}, {"station": "ring road", "pm25": 23.1}]


def main() -> None:
    token = sys.stdin.readline().strip()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            good = self.headers.get("Authorization") == f"Bearer {token}"
            body = json.dumps(READINGS if good else {"error": "wrong token"}).encode()
            self.send_response(200 if good else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
