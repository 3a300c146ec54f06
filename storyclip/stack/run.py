"""The service in the foreground: what `make run` does until Ctrl-C."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from config.addresses import without_password
from config.settings import Settings, SettingsInvalid, environment_with
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.holder import Holder
from storyclip.stack.echo import Echo
from storyclip.stack.lock import DataTaken
from storyclip.stack.ports import HOST, is_free
from storyclip.stack.stack import Stack, StackFailed
from storyclip.store import database
from storyclip.store.access import signin_links
from storyclip.store.service.place import server_time

SANDBOX_DATE_STEP_S = 10  # Metricool's is 60: a minute per clip is long for a first look
SANDBOX_BRAND_ID = "2000001"
KEY_PLACEHOLDER = "$STORYCLIP_API_KEY"
EXAMPLE = """{"posts": [
    {"id": "clip_1", "url": "https://cdn.example.com/1.mp4", "text": "One"},
    {"id": "clip_2", "url": "https://cdn.example.com/2.mp4", "text": "Two"}],
  "settings": {"accountId": "ACCOUNT"}}"""


class Refused(Exception):
    """The service is not started; the message says why."""


def run(out: Console, err: Console, data_dir: Path, shows_all: bool) -> int:
    """Start the stack that the environment describes, wait for the end, return the exit code.

    Args:
        out: gets the address, the key if one was made, and the call to paste.
        err: gets everything else.
        shows_all: also the processes' lines below a warning.
    """
    try:
        settings = _settings()
        stack = _stack(settings, data_dir, err)
    except (Refused, SettingsInvalid) as reason:
        _say(err, f"StoryClip does not start:\n{reason}")
        return 1
    _say_what_starts(err, settings, stack)
    echo = Echo(stack.log_dir, lambda line: _say(err, line), shows_all)
    exit_code = 0
    try:
        stack.start()
        if stack.first_key:
            _say(
                out, f"\nYour API key, shown this once and never again:\n\n    {stack.first_key}\n"
            )
        stack.wait_ready()
        _say_how_to_use(out, err, settings, stack)
        threading.Event().wait()
    except (SettingsInvalid, DataTaken, StackFailed, StoreUnavailable, OSError) as reason:
        _say(err, f"StoryClip does not start:\n{reason}")
        exit_code = 1
    except KeyboardInterrupt:
        _say(err, "\nStopping: what is in hand is finished first (Ctrl-C again kills it) …")
    try:
        stack.stop()
        _say(err, "Stopped." if exit_code == 0 else "Nothing runs.")
    except KeyboardInterrupt:
        _say(err, "Killed. What was in hand is looked for at the next start, and nothing is lost.")
    echo.stop()
    return exit_code


def _settings() -> Settings:
    # Not asked of the settings: wrong ones are to be reported together with missing credentials.
    upstream = environment_with({}).get("METRICOOL_BASE_URL", "")
    return Settings.from_environment(needs_upstream=bool(upstream.strip()))


def _stack(settings: Settings, data_dir: Path, err: Console) -> Stack:
    """Describe the stack; nothing runs yet.

    Raises:
        Refused: the port cannot be had.
    """
    try:
        port_is_free = settings.port == 0 or is_free(settings.port)
    except OSError as failure:
        raise Refused(f"Port {settings.port} cannot be used: {failure.strerror}.") from failure
    if not port_is_free:
        raise Refused(
            f"Port {settings.port} on {HOST} is taken by another program."
            f" Stop it, or choose another port: PORT={settings.port + 1} make run"
        )
    given = settings.model_fields_set
    return Stack(
        data_dir,
        port=settings.port,
        database_url=settings.database_url if "database_url" in given else None,
        redis_url=settings.redis_url if settings.redis_is_given else None,
        metricool_url=settings.metricool_base_url if settings.upstream_is_given else None,
        sandbox_flags={"date_step": _date_step_s(settings)},
        environment={} if settings.upstream_is_given else _sandbox_pace(settings),
        seeds_key=False,
        report=lambda sentence: _say(err, sentence),
    )


def _date_step_s(settings: Settings) -> int:
    if "date_step_s" in settings.model_fields_set:
        return max(round(settings.date_step_s), 1)
    return SANDBOX_DATE_STEP_S


def _sandbox_pace(settings: Settings) -> dict[str, str]:
    """Return the settings that go with the sandbox's date step, where nobody has set them."""
    step_s = _date_step_s(settings)
    fitting = {"date_step_s": step_s, "lead_s": step_s / 5, "settle_s": 2 * step_s}
    return {
        f"STORYCLIP_{field.upper()}": f"{value:g}"
        for field, value in fitting.items()
        if field not in settings.model_fields_set
    }


def _say_what_starts(err: Console, settings: Settings, stack: Stack) -> None:
    _say(err, f"Starting StoryClip. Data: {stack.data_dir}; logs: {stack.log_dir}")
    if "database_url" in settings.model_fields_set:
        _say(err, f"Database: {without_password(stack.database_url)}")
    if settings.redis_is_given:
        _say(err, f"Redis: {without_password(stack.redis_url)}")
    if stack.sandbox is None:
        _say(err, f"Metricool: {stack.metricool_url}")
        return
    words = (
        "Metricool is played by the sandbox: NOTHING reaches Instagram or Facebook.\n"
        f"It publishes every {_date_step_s(settings)} s, not every minute as Metricool does, and"
        f" notes it in\n{stack.ledger_file}"
    )
    token = settings.metricool_user_token
    if token is not None:
        words += "\nMETRICOOL_USER_TOKEN is set and not used. To publish for real, set"
        words += "\nMETRICOOL_BASE_URL=https://app.metricool.com/api"
    err.print(Panel(Text(words), title="SANDBOX", border_style="yellow", expand=False))


def _say_how_to_use(out: Console, err: Console, settings: Settings, stack: Stack) -> None:
    key = stack.first_key or KEY_PLACEHOLDER
    account = SANDBOX_BRAND_ID if stack.sandbox is not None else "YOUR_BRAND_ID"
    _say(out, f"StoryClip is ready: {stack.url}\n")
    if signin := _signin_link(stack, settings.public_url or stack.url):
        link, who = signin
        as_whom = f"as {who.user_id} ({who.role}; once, within ten minutes)"
        _say(out, f"Open the page, signed in {as_whom}:\n    {link}\n")
    if not stack.first_key:
        _say(err, _where_the_key_is(settings, stack))
    _say(
        out,
        f"curl -sS {stack.url}/api/metricool/publish/stories \\\n"
        f'  -H "X-Api-Key: {key}" \\\n'
        f'  -H "Content-Type: application/json" \\\n'
        f"  -d '{EXAMPLE.replace('ACCOUNT', account)}'\n",
    )
    if stack.sandbox is None:
        ask = f'curl -sS {stack.url}/api/metricool/brands -H "X-Api-Key: {key}"'
        _say(err, f"Your brands' ids, to put in place of {account}:\n    {ask}\n")
    _say(err, "Ctrl-C stops it.")


def _signin_link(stack: Stack, address: str) -> tuple[str, Holder] | None:
    """Return a link that signs somebody in, and whom; None if no key may publish."""
    database.connect(stack.database_url)
    try:
        now = server_time() or datetime.now(UTC)
        who = signin_links.who_signs_in(now)
        token = signin_links.issue(who.key_id, now) if who and who.key_id else None
    finally:
        database.disconnect()
    return (f"{address}/signin?token={token}", who) if token and who else None


def _where_the_key_is(settings: Settings, stack: Stack) -> str:
    if settings.api_keys:
        return "Put one of the keys of STORYCLIP_API_KEYS into STORYCLIP_API_KEY.\n"
    is_usual = (
        "database_url" in settings.model_fields_set or stack.data_dir == Path("data").resolve()
    )
    database = "" if is_usual else f"DATABASE_URL={quote(stack.database_url)} "
    return (
        "Your key was shown at the first start. Put it into the shell that makes the calls:\n"
        "    export STORYCLIP_API_KEY=sc_…\n"
        "Is it lost? Make another:\n"
        f"    {database}.venv/bin/python -m storyclip keys create --user local\n"
    )


def _say(console: Console, sentence: str) -> None:
    # No markup, no colours of rich's own and no line breaks: it is there to be pasted.
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
