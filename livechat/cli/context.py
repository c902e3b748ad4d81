"""What commands work with: the settings, the database, and how to say what to type next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .exits import Failed

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from ..settings import Settings

DEFAULT_CONFIG = "development.ini"


class Context:
    """One run of the command line. Everything is read or opened when it is first asked for."""

    given: str | None = None
    """What --config or LIVECHAT_CONFIG says."""

    def command(self, words: str) -> str:
        """What to type to get at a command with the same settings: ``livechat --config my.ini init``."""
        named = self.given and self.given != os.environ.get("LIVECHAT_CONFIG")
        config = f"--config {shlex.quote(self.given)} " if self.given and named else ""
        return f"livechat {config}{words}"

    @cached_property
    def config(self) -> Path | None:
        """The ini file, or None for the built-in settings. Raises Failed when the one named is missing."""
        path = Path(self.given or DEFAULT_CONFIG)
        if path.is_file():
            return path.absolute()
        if self.given:
            raise Failed(f"There is no settings file {self.given}.")
        return None

    def section(self, name: str) -> Mapping[str, str]:
        """A section of the ini file as PasteDeploy reads it; empty without a file or section."""
        if self.config is None:
            return {}
        import plaster

        try:
            # As a keyword of a URL a "#" or "?" in the path would mean something.
            uri = plaster.PlasterURL("file+ini", path=str(self.config))
            found: Mapping[str, str] = plaster.get_settings(uri, name)
        except (UnicodeDecodeError, LookupError, ValueError) as error:
            raise Failed(f"{self.config} cannot be read: {error}") from None
        return found

    @cached_property
    def ini(self) -> Mapping[str, str]:
        """The application's section of the ini file, unread by us: what `livechat.main` takes."""
        found = self.section("app:main")
        if self.config is not None and not found:
            raise Failed(f"{self.config} has no section [app:main].")
        return {key: text for key, text in found.items() if key != "use"}

    @cached_property
    def settings(self) -> Settings:
        """Raises SettingsError naming every line that is wrong."""
        from ..settings import for_development, from_mapping

        return for_development() if self.config is None else from_mapping(self.ini)

    @cached_property
    def engine(self) -> Engine:
        """The database, which must be there."""
        from sqlalchemy import make_url

        url = make_url(self.settings.database_url)
        memory = not url.database or url.database == ":memory:"
        if (
            url.get_backend_name() == "sqlite"
            and not memory
            and not Path(str(url.database)).exists()
        ):
            raise Failed(f"There is no database {url.database} yet. Run: {self.command('init')}")
        return self.new_engine

    @cached_property
    def new_engine(self) -> Engine:
        """The database; what is missing of it is made."""
        from ..db.engine import open_engine

        return open_engine(self.settings)

    def close(self) -> None:
        """Close the database, if it was opened. SQLite leaves one whole file where nobody else has it open."""
        for name in ("engine", "new_engine"):
            if name in self.__dict__:
                self.__dict__[name].dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A database session that only reads."""
        from ..db.session import transaction

        with transaction(self.engine, write=False) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A unit of work, committed at the end."""
        from ..db.session import transaction
        from ..realtime.backends import choose
        from ..realtime.hub import Hub

        # Open browsers hear of it at once.
        wakeup = choose(self.settings.wakeup, self.engine, Hub())
        with transaction(self.engine, wakeup=wakeup) as db:
            yield db
        wakeup.stop()

    def base_url(self, port: int | None = None) -> str:
        """Where browsers reach the chat, without a slash at the end."""
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/")
        return f"http://localhost:{port or self._port}"

    @property
    def _port(self) -> int:
        """Where `livechat serve` will listen, as far as one can tell without its options."""
        from ..server.sockets import STANDARD_PORT, CannotListen, addresses_in

        wished = os.environ.get("PORT", "")
        if wished.isdecimal():
            return int(wished)
        try:
            addresses = addresses_in(self.section("server:main"))
        except CannotListen:  # for `serve` to say; a link that is made must still be printed
            addresses = []
        return addresses[0].port if addresses else STANDARD_PORT

    def welcome_link(self, token: str, port: int | None = None) -> str:
        """Where an admin chooses a password with a one-time token."""
        return f"{self.base_url(port)}/custom-admin/welcome/?token={token}"


pass_context = click.make_pass_decorator(Context)


def tell(sentence: str) -> None:
    """Say something to the person at the keyboard: talk goes to stderr."""
    from .output import visible

    click.echo(visible(sentence), err=True)
