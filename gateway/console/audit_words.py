"""A line of the audit log in the words of a page. Pure.

The log keeps what was written, in English and for good; only what it shows is said in a language. What
isn't known here, an id or a word that an older version wrote, is shown as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from gateway.console.journal import day_of
from gateway.model.entry import Source
from gateway.model.finding import Progress
from gateway.model.journal import Shown
from gateway.model.mark import Why

ACTS = frozenset(
    "journal export work work-act days day day-count day-sign entry retry fetch review find reader"
    " grant revoke bind unbind merge end-sessions mail explain site open close purge audit erased"
    " import adopt".split()
)
_FIELDS = "q state why kind source reader currency amount day month sent late"
_WORK = "why progress whose"
_AUDIT = "who act what day until"
_WHOSE = ("mine", "nobody")
# What was done about a piece of work, and the text of the button that did it.
_DONE = {"take": "take", "give": "give", "assign": "assign", "note": "add-note", "done": "done"}
_DAYS = re.compile(r"(\d+) days to (\S+)")
_NOT_DONE = re.compile(r"(?:(\S+), )?not done: (\S+)")
_DAY_REFUSED = re.compile(r"(\S+) refused: (day\.wrong\.[a-z-]+)")

Say = Callable[..., str]
Dated = Callable[[date], str]


def act_said(act: str, say: Say) -> str:
    return say(f"audit.act.{act}") if act in ACTS else act


def what_said(act: str, what: str, say: Say, dated: Dated) -> str:
    """``say`` says a text's key with what stands in its places, ``dated`` a day."""
    if what in ("all", "nobody", "policy and openings"):
        return say(f"audit.what.{what.replace(' ', '-')}")
    if days := _DAYS.fullmatch(what):
        day = day_of(days[2])
        return say("audit.what.days", n=days[1], day=dated(day) if day else days[2])
    if refused := _DAY_REFUSED.fullmatch(what):
        return f"{refused[1]} · {say('audit.what.not-done')}"
    if undone := _NOT_DONE.fullmatch(what):
        return " · ".join(filter(None, (undone[1], say("audit.what.not-done"))))
    if act == "explain":
        url, _, reader = what.rpartition(" as ")
        return say("audit.what.as", url=url, reader=_reader(reader, say)) if url else what
    if act == "work-act":
        return _work_act(what, say)
    if act == "export":
        return _export(what, say, dated)
    fields = {"journal": _FIELDS, "work": _WORK, "audit": _AUDIT}.get(act, "")
    return _asked(what, fields, say) if fields else what


def _reader(named: str, say: Say) -> str:
    known = {"anonymous": "anonymous", "member": "member", "nobody known": "unknown"}
    return say(f"audit.reader.{known[named]}") if named in known else named


def _work_act(what: str, say: Say) -> str:
    done, _, key = what.partition(" ")
    why, mark, subject = key.partition(":")
    if done not in _DONE or why not in frozenset(Why) or not mark:
        return what
    return " · ".join((say(f"work.{_DONE[done]}"), say(f"journal.why.{why}"), subject))


def _export(what: str, say: Say, dated: Dated) -> str:
    """``csv …`` of the journal, ``audit csv …`` of this log."""
    audit = what.startswith("audit ")
    kind, _, asked = what.removeprefix("audit ").partition(" ")
    listed = say("audit.title" if audit else "journal.title")
    told = what_said("audit" if audit else "journal", asked, say, dated)
    return f"{listed}, {kind.upper()} · {told}"


def _asked(what: str, fields: str, say: Say) -> str:
    """``name=text`` for each field of a filter; a text may have spaces in it."""
    found = re.split(rf"(?:^| )({fields.replace(' ', '|')})=", what)
    if found[0]:
        return what
    told = zip(found[1::2], found[2::2], strict=True)
    return " · ".join(
        f"{_name(name, fields, say)} = {_value(name, text, say)}" for name, text in told
    )


def _name(name: str, fields: str, say: Say) -> str:
    if fields == _WORK:
        return say(f"work.field.{name}")
    if fields == _AUDIT:
        return say(f"audit.{name}" if name in ("day", "until") else f"audit.head.{name}")
    return say(f"journal.field.{name}")


def _value(name: str, text: str, say: Say) -> str:
    if text == "any":
        return say("journal.any")
    for field, words, prefix in (
        ("why", frozenset(Why) - {""}, "journal.why."),
        ("state", frozenset(Shown), "journal.state."),
        ("source", frozenset(Source), "journal.from."),
        ("progress", frozenset(Progress), "work.progress."),
        ("whose", _WHOSE, "work.whose."),
        ("act", ACTS, "audit.act."),
    ):
        if name == field and text in words:
            return say(prefix + text)
    return text.replace("(a word)", say("audit.what.a-word"))
