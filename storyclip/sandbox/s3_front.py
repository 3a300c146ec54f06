"""The S3 stand-in over HTTP, on a port of its own; it reads bodies in blocks and keeps no block."""

import asyncio

from aiohttp import ClientConnectionError, web

from storyclip.sandbox.answers import Answer, Wire
from storyclip.sandbox.bucket import NAME
from storyclip.sandbox.s3 import MAX_BLOCK, Put, Receiving, begin
from storyclip.sandbox.service import Sandbox

LAST_WORDS_S = 0.3


async def serve_s3(sandbox: Sandbox, host: str) -> web.ServerRunner:
    """Listen on a free port, and have uploads opened from now on lead there."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "PUT":
            return web.Response(status=405)
        put = Put(request.path, request.query, request.headers)
        begun = begin(sandbox, put, sandbox.catch_up())
        said = begun if isinstance(begun, Answer) else await _received(request, begun)
        if said.wire is Wire.DROPPED:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return web.Response(status=said.status, body=said.body, headers=said.headers)

    server = web.Server(answer, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=LAST_WORDS_S)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    sandbox.bucket.base_url = f"http://{host}:{runner.addresses[0][1]}/{NAME}"
    return runner


async def _received(request: web.BaseRequest, receiving: Receiving) -> Answer:
    """Read the body; a line that ends too soon leaves nothing behind."""
    await asyncio.sleep(receiving.pause_s)
    try:
        async for block in request.content.iter_chunked(MAX_BLOCK):
            receiving.write(block)
            if receiving.is_cut:
                return Answer(wire=Wire.DROPPED)
    except (ClientConnectionError, web.RequestPayloadError, ConnectionError):
        return Answer(wire=Wire.DROPPED)
    return receiving.end()
