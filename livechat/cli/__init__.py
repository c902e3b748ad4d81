"""The command line: one file a noun. Commands are thin; they call what the views call.

stdout carries data, stderr carries talk. Exit 0: done; 1: refused or failed, with one sentence;
2: wrong usage; 130: Ctrl-C.

admins          livechat admins: invite, list, role, disable, passwd
audit           livechat audit: who did what
context         what commands work with: settings, engine, wake-ups, output
errors          running a command; every error becomes one sentence and an exit code
exits           exit codes, and the failure that carries a sentence
follower        what changes while a command watches
init            livechat init: tables and the first owner
output          tables, colours, JSON, durations
params          parameter types: a session by its number
passwords       asking for a password
replies         livechat replies: canned replies
report          livechat report: figures by day, admin or hour
search          livechat search
serve           livechat serve: one process or several
session_acts    livechat sessions: assign, close, reopen, reply, note and the other acts
session_output  a conversation and a list of them as text
sessions        livechat sessions: list, show
startup         what `livechat serve` does for a new installation
watch           livechat sessions watch
"""

from __future__ import annotations

from importlib import import_module

import click

from .context import Context
from .errors import run

# Looked up when it is called, so that help and quick commands do not wait for what they do not need.
COMMANDS = {
    "init": ("init", "Set up the database and the first admin."),
    "serve": ("serve", "Serve the chat, the desk and (in development) the demo shop."),
    "admins": ("admins", "Manage admins: accounts, roles, passwords."),
    "sessions": ("sessions", "Work with chats: list, show, assign, reply, close, watch."),
    "search": ("search", "Search messages, names, products and tags."),
    "replies": ("replies", "Manage shared canned replies."),
    "report": ("report", "Report chats, messages and response times."),
    "audit": ("audit", "Show the audit log."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, but listed without."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name][0]}", __name__)
        command: click.Command = getattr(module, cmd_name)
        return take_config_too(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])


def take_config_too(command: click.Command) -> click.Command:
    """Let a command, and those beneath it, take --config as well: nobody remembers where it belongs."""

    def keep(ctx: click.Context, _param: click.Parameter, given: str | None) -> None:
        if given is not None:
            ctx.ensure_object(Context).given = given

    if not any(param.name == "config" for param in command.params):
        option = ["--config"]
        command.params.append(
            click.Option(option, metavar="FILE.ini", expose_value=False, callback=keep, hidden=True)
        )
    if isinstance(command, click.Group):
        for beneath in command.commands.values():
            take_config_too(beneath)
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    metavar="FILE.ini",
    envvar="LIVECHAT_CONFIG",
    help="The settings file. Also accepted after the command. "
    "Default: $LIVECHAT_CONFIG, else development.ini in this folder, else built-in settings.",
)
@click.version_option(package_name="livechat", message="%(prog)s %(version)s")
@click.pass_context
def livechat(ctx: click.Context, config: str | None) -> None:
    """A customer live chat for your shop.

    Data goes to stdout, messages go to stderr. Lists are tables on a terminal. When piped, they are plain text:
    one row per line, columns separated by tabs, times in UTC. With --json, lists have one object per line.

    \b
    Examples:
      livechat init
      livechat serve
      livechat sessions list --status waiting
      livechat --config production.ini report --by admin
    """
    ctx.ensure_object(Context).given = config


def main() -> int:
    """Run the command line; returns the exit code."""
    return run(livechat, Context())
