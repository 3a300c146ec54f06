"""The proxies of `deploy/`, run from its own files: on free ports, for localhost."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.eventually import eventually

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "storyclip.example.com"  # as the files have it
CADDY = [2, 7]  # the first that collects bodies as the file says
NGINX = """daemon off; pid {folder}/pid; error_log {folder}/error.log; {user}
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  include {folder}/site.conf; }}"""


@dataclass(frozen=True)
class Ports:
    """Where a proxy listens, and where the service is."""

    tls: int
    plain: int
    service: int


def found(name: str) -> str | None:
    """Return where the program is; one that was installed with ours is looked for first."""
    beside = Path(sys.executable).parent
    path = shutil.which(name, path=os.pathsep.join([str(beside), os.environ["PATH"], "/usr/sbin"]))
    if path is None or name != "caddy":
        return path
    said = subprocess.run([path, "version"], check=True, capture_output=True, text=True).stdout
    return path if [int(part) for part in re.findall(r"\d+", said)[:2]] >= CADDY else None


def require(name: str) -> str:
    """Skip a test, and say so, where the program is not there; in CI that is a failure."""
    path = found(name)
    if path is None:
        assert not os.environ.get("CI"), f"CI must have {name}: see tests/proxies/ensure.sh"
        warnings.warn(f"no {name} on this machine: its file is not tried", stacklevel=2)
        pytest.skip(f"no {name} found")
    return path


@contextmanager
def nginx(folder: Path, ports: Ports) -> Iterator[ssl.SSLContext]:
    """Run nginx with our file; yield what trusts its certificate."""
    program = require("nginx")
    certificate = _certificate(folder)
    site = (DEPLOY / "nginx.conf").read_text()
    for ours, its in [
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{ports.service};"),
        ("listen 80;", f"listen 127.0.0.1:{ports.plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{ports.tls} "),
        (f"/etc/letsencrypt/live/{NAME}", str(folder)),
        (NAME, "localhost"),
    ]:
        assert ours in site
        site = site.replace(ours, its)
    (folder / "site.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
    command = [program, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
    with _running(command, folder):
        yield ssl.create_default_context(cafile=str(certificate))


@contextmanager
def caddy(folder: Path, ports: Ports) -> Iterator[ssl.SSLContext]:
    """Run Caddy with our file; yield what trusts its certificate, which it makes by itself."""
    program = require("caddy")
    told = {
        **os.environ,
        "STORYCLIP_SITE": "localhost",
        "STORYCLIP_AT": f"127.0.0.1:{ports.service}",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    adapt = [program, "adapt", "--config", str(DEPLOY / "Caddyfile")]
    config = json.loads(subprocess.run(adapt, env=told, check=True, capture_output=True).stdout)
    http = config["apps"]["http"]
    (server,) = http["servers"].values()
    assert server["listen"] == [":443"]
    server["listen"] = [f"127.0.0.1:{ports.tls}"]
    http |= {"https_port": ports.tls, "http_port": ports.plain}
    config["admin"] = {"disabled": True}
    config["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    (folder / "caddy.json").write_text(json.dumps(config))
    root = folder / "caddy/pki/authorities/local/root.crt"
    with _running([program, "run", "--config", str(folder / "caddy.json")], folder, told, root):
        yield ssl.create_default_context(cafile=str(root))


PROXIES = {"nginx": nginx, "caddy": caddy}


@contextmanager
def _running(
    command: list[str], folder: Path, environ: dict[str, str] | None = None, *makes: Path
) -> Iterator[None]:
    """Run the command, once what it makes is there; its words are in `folder`."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        eventually(
            lambda: process.poll() is not None or all(path.exists() for path in makes),
            otherwise=(folder / "log").read_text,
        )
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def _certificate(folder: Path) -> Path:
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost -keyout privkey.pem -out fullchain.pem"
    )
    subprocess.run(
        command.split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "fullchain.pem"


if __name__ == "__main__":
    print("\n".join(name for name in PROXIES if found(name) is None))
