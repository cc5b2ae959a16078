"""The command line: the only place that knows Typer and exit codes; one file per command.

Commands import what they need when they are called, so that help, errors and light commands start at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from tagger import __version__
from tagger.cli import (
    cache,
    config,
    corpus,
    doctor,
    evaluate,
    explain,
    history,
    interrupts,
    listen,
    models,
    report,
    runs,
    scan,
    show,
    timeline,
    train,
    ui,
    undo,
    watch,
)
from tagger.errors import OutputError, TaggerError
from tagger.sinks import display

EXIT_UNWRITABLE = OutputError.exit_code

app = typer.Typer(
    name="tagger",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("scan")(scan.scan)
app.command("listen")(listen.listen)
app.command("watch")(watch.watch)
app.command("explain")(explain.explain)
app.command("timeline")(timeline.timeline)
app.command("ui")(ui.ui)
app.command("report")(report.report)
app.command("undo")(undo.undo)
app.command("history")(history.history)
app.command("show")(show.show)
app.command("cache")(cache.cache)
app.command("models")(models.models)
app.command("doctor")(doctor.doctor)
app.command("config")(config.config)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("runs")(runs.runs)
app.command("corpus")(corpus.corpus)


@app.callback()
def tagger(
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and exit.")] = False,
) -> None:
    """Hear the genre of music, and write it into the files' own metadata."""


def main(arguments: list[str] | None = None) -> None:
    """Run the program and end the process with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code: see the table in the README."""
    # Every core has a track of its own to read: threads of BLAS on top of that get into each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - until the process ends
    try:
        if arguments[:1] in (["--version"], ["-V"]):
            print(f"tagger {__version__}")
            code = 0
        else:
            code = app(arguments, prog_name="tagger", standalone_mode=False) or 0
        sys.stdout.flush()
        return code
    except TaggerError as error:
        try:
            sys.stdout.flush()
        except OSError:  # the error is that this cannot be written
            _give_up_stdout()
        display.error(error.message, error.hint)
        return error.exit_code
    except typer.TyperException as error:
        if arguments:  # without any, the help has been shown
            display.error(*_usage(error))
        return 2
    except (KeyboardInterrupt, typer.Abort):
        display.error("interrupted")
        return interrupts.EXIT_INTERRUPTED
    except BrokenPipeError:
        _give_up_stdout()
        return 0
    except SystemExit as end:  # Typer and rich make this of a reader that left
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        _give_up_stdout()
        return 0
    except OSError as error:
        _give_up_stdout()
        display.error(f"{error.filename or 'the output cannot be written'}: {error.strerror or error}")
        return EXIT_UNWRITABLE


def _give_up_stdout() -> None:
    """Send what is still buffered to nowhere, else Python complains about it again while it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: typer.TyperException) -> tuple[str, str]:
    """Message and hint for a command line that makes no sense."""
    message = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "tagger"
    return message.rstrip(".").replace("\n", " "), f"`{command} --help` lists what it takes"
