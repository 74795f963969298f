"""Campaign files: one TOML file says who writes what to whom, why and when. Faults are told by line, all at once.

    [campaign]  name, purpose, class (marketing, subscribed, transactional)
    [sender]    name, address, reply_to*, organisation, postal_address
    [audience]  list (path of the list), language* (both, zh-Hant, en, column),
                attestation* = { basis, source, wording, by, at, document* }, dates* ("day first" or "month first")
    [message]   subject, preheader*, body (path of a .md, .mjml or .html file), layout*
    [schedule]* send_at* (a moment with its offset: 2026-12-01T09:30:00+08:00), also_hours* (other hours of that day:
                [15, 19]; a lot puts each person to one), wait* = { letters, days } (who had so many letters in 7 days
                gets it so many days later)

What carries a * may be left out.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import reduce
from hashlib import sha256
from operator import itemgetter
from pathlib import PureWindowsPath
from typing import Any

from bulkmail.errors import InputError
from bulkmail.model import Attestation, Campaign, Sender, Text, Wait, say

KINDS = ("marketing", "subscribed", "transactional")
LANGUAGES = ("both", "zh-Hant", "en", "column")
DATES = ("day first", "month first")
BODY_FORMATS = ("md", "mjml", "html")
MOST_LINES, MOST_CHARACTERS, MOST_PROBLEMS = 400, 40_000, 20
ID_LENGTH = 48

_REQUIRED = object()
_ADDRESS = re.compile(r'[^\s@<>,;:"()]+@[^\s@<>,;:"()]+\.[^\s@<>,;:"()]+')
_Path = tuple[str, ...]
_Problems = list[tuple[_Path, Text]]


@dataclass(frozen=True, kw_only=True)
class CampaignFile:
    """A campaign as its file tells it. `list` and `body` are paths, relative to the file; `send_at` is in UTC."""

    name: str
    purpose: str
    kind: str
    sender: Sender
    list: str
    language: str
    attestation: Attestation | None
    date_order: str
    subject: str
    preheader: str
    body: str
    layout: str
    send_at: datetime | None
    also_hours: tuple[int, ...] = ()
    wait: Wait | None = None


def read_campaign(text: str, *, filename: str) -> CampaignFile:
    """Return what a campaign file says. Raises one InputError that names file and line of all that is wrong."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    problems: _Problems = []
    found = _read_table(_parsed(text, filename), _FILE, (), problems)
    schedule = found.get("schedule", {})
    if (schedule.get("also_hours") or schedule.get("wait")) and "send_at" in schedule and schedule["send_at"] is None:
        problems.append((("schedule",), _absent("send_at", _FILE["schedule"][0], ("schedule",))))
    if problems:
        lines = _lines_of(text)
        last = text.rstrip("\n").count("\n") + 1
        placed = [(lines.get(path, last), problem) for path, problem in problems]
        raise _as_error(filename, sorted(placed, key=itemgetter(0)))
    return _campaign_file(found)


def to_campaign(file: CampaignFile, body_text: str) -> Campaign:
    """Return the campaign with its letter. The id follows from the name alone, so a file read again is the same one."""
    return Campaign(
        id=campaign_id(file.name),
        name=file.name,
        purpose=file.purpose,
        kind=file.kind,
        sender=file.sender,
        language=file.language,
        subject=file.subject,
        preheader=file.preheader,
        body=body_text,
        body_format=_suffix(file.body),
        list_name=PureWindowsPath(file.list).name,
        attestation=file.attestation,
        send_at=file.send_at,
        date_order=file.date_order,
        layout=file.layout,
        also_hours=file.also_hours,
        wait=file.wait,
    )


def campaign_id(name: str) -> str:
    """Return a stable ASCII slug of a name; what it cannot hold (Chinese, length) is told apart by a short hash."""
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if slug and plain.isascii() and len(slug) <= ID_LENGTH:
        return slug
    mark = sha256(plain.encode()).hexdigest()[:8]
    return f"{slug[:ID_LENGTH].rstrip('-')}-{mark}".lstrip("-")


def _campaign_file(found: dict[str, Any]) -> CampaignFile:
    campaign, sender, audience, message = (found[name] for name in ("campaign", "sender", "audience", "message"))
    attestation, schedule = audience["attestation"], found["schedule"]
    return CampaignFile(
        name=campaign["name"],
        purpose=campaign["purpose"],
        kind=campaign["class"],
        sender=Sender(**{**sender, "reply_to": sender["reply_to"] or sender["address"]}),
        list=audience["list"],
        language=audience["language"],
        attestation=Attestation(**attestation) if attestation else None,
        date_order=audience["dates"].removesuffix(" first"),
        subject=message["subject"],
        preheader=message["preheader"],
        body=message["body"],
        layout=message["layout"] if "." in message["layout"] else f"{message['layout']}.mjml",
        send_at=schedule.get("send_at"),
        also_hours=schedule.get("also_hours", ()),
        wait=Wait(**schedule["wait"]) if schedule.get("wait") else None,
    )


# ---------------------------------------------------------------- values


class _WrongError(ValueError):
    """A value that cannot be used; `problem` says why."""

    def __init__(self, problem: Text) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _lines(value: object) -> str:
    if not isinstance(value, str):
        raise _WrongError(say("write it as text in quotes"))
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in value):
        raise _WrongError(say("it holds a control character; type it again"))
    if not value.strip():
        raise _WrongError(say("it is empty; fill it in"))
    return value.strip()


def _line(value: object) -> str:
    text = _lines(value)
    if len(text.splitlines()) > 1 or "\t" in text:
        raise _WrongError(say("write it on one line, without tabs"))
    return text


def _line_or_nothing(value: object) -> str:
    return "" if value == "" else _line(value)


def _address(value: object) -> str:
    text = _line(value)
    if not _ADDRESS.fullmatch(text):
        raise _WrongError(say("write one e-mail address, such as news@example.edu"))
    return text


def _body(value: object) -> str:
    text = _line(value)
    if _suffix(text) not in BODY_FORMATS:
        raise _WrongError(say("name a file that ends in .md, .mjml or .html"))
    return text


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # told below
    raise _WrongError(say("write date, time and offset from UTC, such as 2026-12-01T09:30:00+08:00"))


def _hours(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or not all(_is_within(hour, 0, 23) for hour in value):
        raise _WrongError(say("write whole hours from 0 to 23, such as [15, 19]"))
    return tuple(sorted(set(value)))


def _between(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not _is_within(value, least, most):
            raise _WrongError(say("write a whole number from {least} to {most}", least=least, most=most))
        return value

    return read


def _is_within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _one_of(choices: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in choices:
            raise _WrongError(say("choose one of: {choices}", choices=", ".join(choices)))
        return str(value)

    return read


def _suffix(path: str) -> str:
    return PureWindowsPath(path).suffix.removeprefix(".").lower()


# key → (how its value is read, or the table it is; what stands for it when it is left out)
_Keys = Mapping[str, tuple[Any, Any]]
_ATTESTATION: _Keys = {
    **dict.fromkeys(("basis", "source", "wording", "by"), (_lines, _REQUIRED)),
    "at": (_moment, _REQUIRED),
    "document": (_line, ""),
}
_WAIT: _Keys = {"letters": (_between(1, 20), _REQUIRED), "days": (_between(1, 28), _REQUIRED)}
_FILE: _Keys = {
    "campaign": (
        {"name": (_line, _REQUIRED), "purpose": (_line, _REQUIRED), "class": (_one_of(KINDS), _REQUIRED)},
        _REQUIRED,
    ),
    "sender": (
        {
            "name": (_line, _REQUIRED),
            "address": (_address, _REQUIRED),
            "reply_to": (_address, ""),
            "organisation": (_line, _REQUIRED),
            "postal_address": (_lines, _REQUIRED),
        },
        _REQUIRED,
    ),
    "audience": (
        {
            "list": (_line, _REQUIRED),
            "language": (_one_of(LANGUAGES), "both"),
            "attestation": (_ATTESTATION, None),
            "dates": (_one_of(DATES), ""),
        },
        _REQUIRED,
    ),
    "message": (
        {
            "subject": (_line, _REQUIRED),
            "preheader": (_line_or_nothing, ""),
            "body": (_body, _REQUIRED),
            "layout": (_line, "notice"),
        },
        _REQUIRED,
    ),
    "schedule": ({"send_at": (_moment, None), "also_hours": (_hours, ()), "wait": (_WAIT, None)}, {}),
}


# ---------------------------------------------------------------- tables


def _read_table(found: object, keys: _Keys, path: _Path, problems: _Problems) -> dict[str, Any]:
    """Return key → value of a table, and add what is wrong with it to `problems`."""
    if not isinstance(found, dict):
        problems.append((path, say("{key} is not a table of: {known}", key=path[-1], known=", ".join(keys))))
        return {}
    strangers = {key: get_close_matches(key, keys, n=1) for key in found if key not in keys}
    problems += [((*path, key), _stranger(key, near, keys, path)) for key, near in strangers.items()]
    values = {}
    for key, (read, default) in keys.items():
        if key in found:
            values[key] = _read_value(found[key], read, (*path, key), problems)
        elif default is _REQUIRED:
            if [key] not in strangers.values():  # else the misspelt key has been told
                problems.append((path, _absent(key, keys, path)))
        else:
            values[key] = default
    return values


def _read_value(value: object, read: Any, path: _Path, problems: _Problems) -> object:
    if isinstance(read, Mapping):
        return _read_table(value, read, path, problems)
    try:
        return read(value)
    except _WrongError as wrong:
        problems.append((path, say("{key}: {problem}.", key=".".join(path), problem=wrong.problem)))
        return None


def _stranger(key: str, near: list[str], keys: _Keys, path: _Path) -> Text:
    places = {"key": key, "table": ".".join(path), "known": ", ".join(keys), "near": near[0] if near else ""}
    if near:
        return say("{key} is not known here. Did you mean {near}?", **places)
    if not path:
        return say("there is no section [{key}]. Known are: {known}.", **places)
    return say("[{table}] has no key {key}. Known are: {known}.", **places)


def _absent(key: str, keys: _Keys, path: _Path) -> Text:
    if not path:
        return say("add the section [{key}] with: {known}.", key=key, known=", ".join(keys[key][0]))
    return say("[{table}] needs the key {key}.", table=".".join(path), key=key)


# ---------------------------------------------------------------- lines


def _parsed(text: str, filename: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS or text.count("\n") > MOST_LINES:
        raise InputError(
            "{file} is longer than a campaign file may be ({lines} lines). The letter belongs in a file of its own, "
            "which [message] names as body.",
            file=filename,
            lines=MOST_LINES,
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault, _, place = str(error).rpartition(" (at ")
        line = re.match(r"line (\d+)", place)
        number = int(line[1]) if line else text.rstrip("\n").count("\n") + 1
        raise _as_error(filename, [(number, say("this is not TOML: {fault}.", fault=fault))]) from error
    except RecursionError as error:
        raise InputError("{file} is nested too deeply to be a campaign file.", file=filename) from error


def _lines_of(text: str) -> dict[_Path, int]:
    """Return the line on which each table and key begins. tomllib does not tell, so the file is read again, one more
    line at a time: a key begins after the last line where the text above could be read without it."""
    lines, begins, places = text.split("\n"), 1, {}
    for count in range(1, len(lines) + 1):
        try:
            found = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:  # in the middle of a value
            continue
        for path in _paths(found):
            places.setdefault(path, begins)
        begins = count + 1
    return places


def _paths(table: Mapping[str, Any], above: _Path = ()) -> Iterator[_Path]:
    for key, value in table.items():
        yield (*above, key)
        if isinstance(value, dict) and not above[1:]:  # no key of ours lies deeper
            yield from _paths(value, (*above, key))


def _as_error(filename: str, problems: list[tuple[int, Text]]) -> InputError:
    shown = problems[:MOST_PROBLEMS]
    texts = [say("{file}, line {line}: {problem}", file=filename, line=line, problem=text) for line, text in shown]
    if len(problems) > len(shown):
        texts.append(say("{count} more problems follow.", count=len(problems) - len(shown)))
    joined = reduce(lambda above, text: Text("{above}\n{text}", {"above": above, "text": text}), texts)
    return InputError("Correct the campaign file and read it again:\n{problems}", problems=joined)
