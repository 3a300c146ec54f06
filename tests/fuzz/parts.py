"""What raw requests are made of: good pieces, and pieces that no HTTP library would send."""

from __future__ import annotations

KEY = "a-key-of-the-raw-fuzzer-0123456789"

VERBS = [b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"HEAD", b"PATCH", b"TRACE", b"CONNECT"]
VERBS += [b"get", b"G", b"", b"G\0T", b"BREW", b"X" * 30]
TARGETS = [
    b"/livez", b"/readyz", b"/", b"/session", b"/docs", b"/openapi.json", b"/metrics",
    b"/api/metricool/publish/stories", b"/api/metricool/batches", b"/api/metricool/stream",
    b"/api/metricool/ws", b"/api/metricool/stream-ticket", b"/api/metricool/pause?batchId=x",
    b"/%2flivez", b"/docs/..%2f..%2fapp.py", b"/api%2Fmetricool%2fbatches", b"/%00", b"/%ff%fe",
    b"//livez", b"/./livez", b"/../livez", b"/livez#part", b"/livez;a=b", b"/a b", b"*", b"",
    b"http://x/livez", b"http://[::1/livez", b"https://evil.example.com:443/session", b"x:443",
    b"/\xff", b"/" + b"x" * 9000, b"/livez?" + b"a=b&" * 1500, b"/signin?token=%2f%2f",
]  # fmt: skip
VERSIONS = [b"HTTP/1.1"] * 12 + [
    b"HTTP/1.0",
    b"HTTP/0.9",
    b"HTTP/2.0",
    b"http/1.1",
    b"HTTP/1.1 ",
    b"",
]
HOSTS = [b"Host: x"] * 6 + [
    b"Host: x\r\nHost: y", b"Host: x\r\nHost: x", b"Host:", b"Host: a b", b"Host: x:99999",
    b"Host: [::1", b"Host: \xff", b"X: y", b"host: x, y",
]  # fmt: skip
ODD = [
    b"SCRIPT_NAME: /livez", b"Script-Name: /x", b"PATH_INFO: /x", b"REMOTE_ADDR: 127.0.0.1",
    b"Expect: 100-continue", b"Expect: 100-Continue, tea", b"Expect: tea", b"Expect:",
    b"Expect: 100-continue\r\nExpect: 100-continue", b"X-Long: a\r\n b", b"X-Long: a\r\n\tb",
    b" X-Begins: with a blank", b"X-Odd : a", b": a", b"X-Odd", b"X-Odd: a\0b", b"X-Odd: a\rb",
    b"X-Odd: a\nX-Bare: b", b"X-Odd: \x7f", b"X-\xe9: a", b"X-Huge: " + b"x" * 9000,
    b"\r\n".join(b"X-%d: a" % number for number in range(120)), b"X-Big: a\r\n" * 8000,
    b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade, close",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-For: " + b"1.2.3.4, " * 800,
    b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off", b"X-Forwarded-Proto: https",
    b"Content-Encoding: gzip", b"Range: bytes=0-1,3-", b"If-None-Match: " + b'"x", ' * 500,
    b"Accept-Encoding: " + b"gzip;q=0.1, " * 500, b"Accept: " + b"text/html;q=9, " * 300,
    b"Cookie: storyclip=" + b"x" * 4000, b"Cookie: " + b"a=b; " * 1000, b"Origin: http://x",
    b"Origin: null", b"Origin: http://[x", b"Authorization: Bearer \xff", b"X-Api-Key: \xc3\xa9",
    b"X-Api-Key: " + KEY.encode(), b"Authorization: Bearer " + KEY.encode(),
    b"Idempotency-Key: \xff",
    b"Content-Type: application/json", b"Content-Type: application/json; charset=\xff",
    b"Content-Type: application/json\r\nContent-Type: text/plain", b"Last-Event-ID: \xff",
    b"Content-Type: multipart/form-data; boundary=" + b"x" * 300,
]  # fmt: skip
FRAMES = [
    b"", b"", b"Content-Length: 0", b"Content-Length: 17", b"Content-Length: 16",
    b"Content-Length: 18", b"Content-Length: 70000", b"Content-Length: 99999999999999999999",
    b"Content-Length: -1", b"Content-Length: +17", b"Content-Length: 17, 17", b"Content-Length:",
    b"Content-Length: 17\r\nContent-Length: 17", b"Content-Length: 0x11", b"Content-Length: \xb2",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked ", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding: tea",
    b"Transfer-Encoding: chunked\r\nContent-Length: 17", b"Transfer-Encoding:\r\n chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer_Encoding: chunked",
]  # fmt: skip
BODY = b'{"apiKey":"none"}'
BODIES = [
    b"", BODY, BODY, BODY[:5], BODY * 5000, b"11\r\n" + BODY + b"\r\n0\r\n\r\n",
    b"11;a=b\r\n" + BODY + b"\r\n0\r\nX-Sum: 1\r\n\r\n", b"11;;=\r\n" + BODY + b"\r\n0\r\n\r\n",
    b"zz\r\n" + BODY, b"-1\r\n", b"\r\n", b"11\n" + BODY + b"\n0\n\n",
    b"10\r\n" + BODY + b"\r\n0\r\n\r\n",
    b"f" * 300 + b"\r\n", b"ffffffffffffffff\r\n" + BODY, b"0\r\nnonsense\r\n\r\n", b"0\r\n",
    b"0\r\nContent-Length: 5\r\n\r\n", b"0\r\nX: " + b"y" * 10_000, b"1\r\n{\r\n" * 3000,
    b"5;" + b"x" * 9000,
    b"12000\r\n" + b" " * 0x12000 + b"\r\n0\r\n\r\n",
    b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
]  # fmt: skip
NO_REQUEST = [
    b"", b"G", b"\r\n", b"\r\n\r\n\r\n", b"\n\n", b"\0" * 100, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + b"\1" * 12,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /livez HTTP/1.1\r\n\r\n" * 50, b"x" * 70_000, b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000,
]  # fmt: skip

CHUNKED = b"Transfer-Encoding: chunked"
FRAMED = [
    (b"", b""), (b"Content-Length: 17", BODY), (b"Content-Length: 0", b""),
    (b"Content-Length: 85000", BODY * 5000), (CHUNKED, b"11\r\n" + BODY + b"\r\n0\r\n\r\n"),
    (CHUNKED, b"5\r\n" + BODY[:5] + b"\r\nC\r\n" + BODY[5:] + b"\r\n0\r\nX-Sum: 1\r\n\r\n"),
    (CHUNKED, b"14C08\r\n" + BODY * 5000 + b"\r\n0\r\n\r\n"), (CHUNKED, b"0\r\n\r\n"),
    (CHUNKED, b"11;;=\r\n" + BODY + b"\r\n0\r\n\r\n"),
    (CHUNKED, b"11\r\n" + BODY + b"\r\n0\r\nContent-Length: 5\r\n\r\n"),
]  # fmt: skip
