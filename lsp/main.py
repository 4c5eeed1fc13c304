"""The command `vernacular-lsp`: parses its arguments, keeps standard output for the protocol, starts the server.

Standard output carries protocol messages and nothing else: the file descriptor itself is moved, so that a print, a
warning, or a library's own writing ends on standard error. An editor starts this without arguments.
"""

from __future__ import annotations

import argparse
import linecache
import logging
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from core.errors import MissingDependencyError
from lsp.options import Options, package_version

PACKAGES = ("httpx_sse", "lsprotocol", "pygls", "truststore")
LEVELS = ("debug", "info", "warning", "error")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the console script.

    Exit status: 0, 1 for a server that `--check` finds not ready, 2 usage, 5 for a package that is not installed.
    """
    parsed = _parser().parse_args(arguments)
    if missing := next((package for package in PACKAGES if find_spec(package) is None), None):
        error = MissingDependencyError(missing, "lsp")
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_status)
    logging.basicConfig(stream=sys.stderr, level=parsed.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    # These log whole messages, and with them the user's code, from `info` on.
    for name in ("pygls", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG if parsed.log_level == "debug" else logging.WARNING)
    options = Options(parsed.server, tuple(parsed.languages))
    if parsed.check:
        from lsp.check import check

        sys.exit(check(options))
    from lsp.features import create_server
    from lsp.transport import serve_stdio, serve_tcp

    server = create_server(options)
    linecache.clearcache()  # attrs keeps there the source of what it wrote for each of lsprotocol's classes: 2 MB
    if parsed.tcp is None:
        serve_stdio(server)
    else:
        serve_tcp(server, *parsed.tcp)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vernacular-lsp", description="Language server of Vernacular: ghost text from a completion server."
    )
    parser.add_argument("--version", action="version", version=f"vernacular-lsp {package_version()}")
    parser.add_argument("--server", metavar="URL", help="completion server; the editor's setting server_url goes first")
    parser.add_argument(
        "--languages", metavar="DIR", type=Path, action="append", default=[], help="a folder of language files"
    )
    parser.add_argument("--log-level", choices=LEVELS, default="warning", help="what goes to standard error")
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_true", help="speak over standard input and output (the default)")
    transport.add_argument("--tcp", metavar="HOST:PORT", type=_address, help="for debugging: wait for one editor there")
    parser.add_argument("--check", action="store_true", help="say whether the completion server is ready, and exit")
    return parser


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:2087")
    return host.strip("[]"), int(port)
