"""The sandbox over HTTP: the one module that knows aiohttp, and the one that lets time pass."""

import asyncio
import json
import os
import signal

from aiohttp import web

from storyclip.sandbox.answers import JSON, Answer, Wire, encode
from storyclip.sandbox.api import handle
from storyclip.sandbox.control import control
from storyclip.sandbox.request import Request
from storyclip.sandbox.s3_front import serve_s3
from storyclip.sandbox.service import Sandbox

TICK_S = 0.04  # what is due happens at most this late when nobody calls
LAST_WORDS_S = 0.3  # answers under way get this long when the sandbox is told to stop


async def serve(sandbox: Sandbox, host: str, port: int, parent: int | None) -> None:
    """Serve until SIGTERM or SIGINT, or until `parent` is not the parent process any more."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            return await _answer_api(sandbox, request)
        if request.path.startswith("/control/"):
            return await _answer_control(sandbox, request)
        if request.path == "/login":  # where redirects lead: 200, and yet no success
            return web.Response(text="<title>Metricool</title>", content_type="text/html")
        return web.Response(status=404)

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=LAST_WORDS_S)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    address = f"http://{host}:{runner.addresses[0][1]}"
    amazon = await serve_s3(sandbox, host)
    print(json.dumps({"url": f"{address}/api", "control": f"{address}/control"}), flush=True)

    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        await asyncio.sleep(TICK_S)
        sandbox.catch_up()
        # Not PR_SET_PDEATHSIG: that fires when the *thread* that started us ends.
        if parent is not None and os.getppid() != parent:
            break
    await runner.cleanup()
    await amazon.cleanup()


async def _answer_api(sandbox: Sandbox, request: web.BaseRequest) -> web.StreamResponse:
    """Answer one call and keep its record, whatever becomes of the client."""
    record = sandbox.calls.begin(request.method, request.path, request.query.get("blogId"))
    answer: Answer | None = None
    try:
        body = await request.read() if request.body_exists else b""
        asked = Request(request.method, request.path, request.query, request.headers, body)
        answer = handle(sandbox, asked, sandbox.catch_up(), record)
        await _until_handled(answer)
        return await _send(request, answer)
    finally:
        sandbox.calls.end(record, answer)


async def _until_handled(answer: Answer) -> None:
    if answer.wire is Wire.LATER:
        handled = asyncio.Event()
        answer.when_handled.append(handled.set)
        await handled.wait()


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    if answer.wait_s:
        await asyncio.sleep(answer.wait_s)
    if answer.wire is Wire.WHOLE:
        kind = web.Response if "Date" in answer.headers else _UndatedResponse
        return kind(status=answer.status, body=answer.body, headers=answer.headers)
    if answer.wire is Wire.DROPPED:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    return await _send_in_parts(request, answer)


async def _send_in_parts(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    kind = web.StreamResponse if "Date" in answer.headers else _Undated
    response = kind(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    try:
        await response.prepare(request)
        if answer.wire is Wire.TRUNCATED:
            await response.write(answer.body[: len(answer.body) // 2])
            if request.transport is not None:
                request.transport.close()
            return response
        for position in range(len(answer.body)):
            await response.write(answer.body[position : position + 1])
            await asyncio.sleep(answer.drip_s / len(answer.body))
    except ConnectionError:
        pass  # the client would not wait; what it asked for is done all the same
    return response


class _Undated(web.StreamResponse):
    """aiohttp puts a Date into every answer by itself; this takes it out again."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        del self.headers["Date"]


class _UndatedResponse(_Undated, web.Response):
    pass


async def _answer_control(sandbox: Sandbox, request: web.BaseRequest) -> web.Response:
    body = await request.read()
    sandbox.catch_up()
    status, value = control(sandbox, request.method, request.path, request.query, body)
    return web.Response(status=status, body=encode(value), content_type=JSON)
