"""nginx in front of the chat, with the file that docs/deploy gives to operators."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from .server import free_port

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
MISSING = "There is no nginx here (Debian: apt-get install nginx-light)."
FILE = Path(__file__).parents[1] / "docs" / "deploy" / "nginx.conf"
FRAME = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {server}
}}
"""


class Nginx:
    """A proxy on its own port for a server that listens on another."""

    def __init__(self, folder: Path, port: int, upstream: int) -> None:
        self.port = port
        # Only the ports, the upstream and the certificate are changed.
        text = FILE.read_text().replace("127.0.0.1:6543", f"127.0.0.1:{upstream}")
        text = re.sub(r"^\s*ssl_.*$", "", text, flags=re.MULTILINE)
        text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
        assert f"127.0.0.1:{upstream}" in text
        assert f"listen 127.0.0.1:{port};" in text
        config = folder / "nginx.conf"
        config.write_text(FRAME.format(folder=folder, server=text))
        assert PROGRAM is not None
        self.process = subprocess.Popen(
            [PROGRAM, "-c", str(config), "-e", str(folder / "error.log"), "-p", str(folder)]
        )

    @property
    def url(self) -> str:
        """Its URL, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def waits_until_it_answers(self) -> Nginx:
        """Wait until requests reach the chat."""
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):
                    return self
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, "nginx has ended"
                assert time.monotonic() < deadline, "nginx does not answer"
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(10)


def free_ports() -> tuple[int, int]:
    """Return two different free ports."""
    one = free_port()
    other = free_port()
    return (one, other) if one != other else free_ports()
