"""The command line: the same journey as the pages, headless. Others script against its names, JSON and exit codes."""

import os
import signal
import sys

import click

from bulkmail import __version__, wiring
from bulkmail.cli import ahead, campaigns, control, demo, lists, past, people, serve, staff
from bulkmail.cli.screen import complain, t
from bulkmail.errors import BulkmailError, InputError
from bulkmail.tips import sender_requirements

EXIT_CODES = """
\b
Exit codes
  0  done
  1  something blocks: read the findings
  2  the input cannot be used: one line says file, row and what to do
  3  some recipients are in doubt: it is not known whether they were mailed
"""


class _House(click.Group):
    """The group of commands, whose help ends with the age of the rules."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(context, formatter)
        formatter.write_paragraph()
        formatter.write_text(t(sender_requirements.age_in_words(wiring.now().date())))


@click.group(
    cls=_House, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=EXIT_CODES
)
@click.version_option(__version__, prog_name="bulkmail")
def bulkmail() -> None:
    """Send bulk email responsibly: seven tips measured, shown and enforced.

    \b
    First steps
      bulkmail demo                                   see the whole journey on synthetic data
      bulkmail check members.csv                      what is wrong with a list
      bulkmail preflight campaign.toml                the seven tips over one campaign
      bulkmail send campaign.toml --approve "Ana"     approve and send it; run it again to go on
      bulkmail app                                    the same in a browser

    Without SENDGRID_API_KEY everything is a rehearsal: letters go to a stand-in on this machine.
    """


for command in (
    serve.app, demo.demo, lists.check, campaigns.check_before, campaigns.send_campaign, campaigns.work,
    control.pause, control.resume, control.cancel, control.decide, serve.web, serve.rehearsal,
    past.events, ahead.cadence, people.verify, people.person, staff.role, staff.rotate_keys,
):  # fmt: skip
    bulkmail.add_command(command)


def main() -> None:
    """Run the command line; every expected failure is one clear line and an exit code, never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` is as orderly as Ctrl-C
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal without Chinese shows ? for it
    try:
        sys.exit(bulkmail(standalone_mode=False) or 0)
    except BulkmailError as error:
        complain(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has gone, say `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        place, reason = str(error.filename or "bulkmail"), error.strerror or type(error).__name__
        complain(InputError("{file} cannot be used ({reason}): check the path.", file=place, reason=reason))
        sys.exit(2)
