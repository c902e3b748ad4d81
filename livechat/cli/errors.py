"""Running a command to its exit code: what went wrong becomes one sentence on stderr, without a traceback."""

from __future__ import annotations

import io
import os
import sys
from configparser import Error as BadIni

import click

from .context import Context
from .exits import DONE, FAILED, INTERRUPTED, Failed, reader_went_away


def run(command: click.Command, context: Context) -> int:
    """Run a command with what commands work with; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows its number instead of ending the program.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = command.main(prog_name="livechat", standalone_mode=False, obj=context)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return reader_went_away()
    except SystemExit:
        # Besides for a shell that asks for completions, Click leaves like this only for a broken pipe.
        if "_LIVECHAT_COMPLETE" in os.environ:
            raise
        return reader_went_away()
    except Exception as error:
        sentence = explain(error, context)
        if sentence is None:
            raise  # a mistake of ours: its traceback is what helps
        click.echo(sentence, err=True)
        return FAILED
    finally:
        context.close()
    return code if isinstance(code, int) else DONE


def explain(error: Exception, context: Context) -> str | None:
    """The sentence for what can go wrong, or None for what must not."""
    if isinstance(error, Failed):
        return str(error)
    if isinstance(error, OSError):
        name = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{name}."
    if isinstance(error, BadIni):
        hint = " (Write %% for a %.)" if "%" in str(error) else ""
        return f"The ini file cannot be read. {' '.join(str(error).split())}{hint}"
    return _explain_ours(error, context)


def _explain_ours(error: Exception, context: Context) -> str | None:
    from ..exceptions import Refused
    from ..server.sockets import CannotListen
    from ..settings import SettingsError

    if isinstance(error, Refused):
        return error.message
    if isinstance(error, SettingsError | CannotListen):
        return str(error)
    return _explain_database(error, context)


def _explain_database(error: Exception, context: Context) -> str | None:
    """The sentence for an error of the database, or None for a statement of ours that is wrong."""
    from sqlalchemy import exc

    from ..db import errors

    if isinstance(error, exc.ArgumentError | exc.NoSuchModuleError):
        return "livechat.database_url is not a database URL."
    if errors.has_old_tables(error):
        return old_tables(context)
    if errors.is_busy(error):
        return "The database is busy. Nothing was changed. Try again."
    state = errors.sqlstate(error)
    if isinstance(error, exc.IntegrityError) or state == _MADE_ALREADY:
        return "Someone else made the same change. Nothing was changed here. Check the result."
    ours = isinstance(error, exc.ProgrammingError) or not isinstance(error, exc.DBAPIError)
    if ours and state != _NO_RIGHT and not errors.is_away(error):
        return None
    return f"The database cannot be used: {errors.reason(error)}"


_MADE_ALREADY = "42P07"  # two who make the tables at once
_NO_RIGHT = "42501"


def old_tables(context: Context) -> str:
    """The sentence for a database that is empty or of another version."""
    return f"The database needs an update. Run: {context.command('init')}"
