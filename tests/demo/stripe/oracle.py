"""Stripe's own library as the judge: what its classes say an object is, what its params may be.

``object_faults`` holds JSON against a class of ``stripe``; ``parameter_faults`` holds a table of
the stand-in against a class of ``stripe.params``. Both answer a list of sentences, empty when all
is well. An enumeration that the library leaves open (``Literal[…] | str``) is taken as closed.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import sys
import types
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, ForwardRef, Literal, NotRequired, Union, get_args, get_origin

from stripe import ListObject, StripeObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

from gateway.demo.stripe import parameters

Json = dict[str, Any]


@cache
def object_class(name: str) -> type[StripeObject]:
    module, attribute = OBJECT_CLASSES[name]
    found: type[StripeObject] = getattr(importlib.import_module(module), attribute)
    return found


@cache
def _names_of(module: str) -> Mapping[str, tuple[str, str]]:
    """What a module imports, for type checking alone included: name → its module and own name."""
    loaded = importlib.import_module(module)
    assert loaded.__file__ is not None
    tree = ast.parse(Path(loaded.__file__).read_text())
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _resolved(annotation: Any, module: str) -> Any:
    """A class instead of its name. ``a|b`` of strings is a union."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    return _named(annotation, module) if isinstance(annotation, str) else annotation


@cache
def _named(annotation: str, module: str) -> Any:
    names: dict[str, Any] = vars(builtins) | vars(sys.modules[module])
    for node in ast.walk(ast.parse(annotation, mode="eval")):
        if isinstance(node, ast.Name) and node.id not in names and node.id in _names_of(module):
            where, own = _names_of(module)[node.id]
            names[node.id] = getattr(importlib.import_module(where), own)
    return _union(ast.parse(annotation, mode="eval").body, names)


def _union(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.BinOp):
        return Union[_union(node.left, names), _union(node.right, names)]  # noqa: UP007  # made at run time
    code = compile(ast.Expression(node), "annotation", "eval")
    return eval(code, names)


def arms(annotation: Any, module: str) -> Iterator[Any]:
    """The members of a union, unions in it opened too."""
    annotation = _resolved(annotation, module)
    origin = get_origin(annotation)
    if origin is Union or origin is types.UnionType:
        for each in get_args(annotation):
            yield from arms(each, module)
    elif origin is NotRequired:
        yield from arms(get_args(annotation)[0], module)
    else:
        yield annotation


@cache
def _fields(cls: Any) -> Mapping[str, list[Any]]:
    """Each field's name and what it may be."""
    return {
        name: list(arms(hint, cls.__module__))
        for base in reversed(cls.__mro__)
        if issubclass(base, StripeObject) and base is not StripeObject
        for name, hint in vars(base).get("__annotations__", {}).items()
        if not name.startswith("_") and get_origin(hint) is not ClassVar
    }


def object_faults(cls: Any, said: Any, path: str = "") -> list[str]:
    path = path or cls.__name__
    if not isinstance(said, dict):
        return [f"{path}: {said!r} isn't an object"]
    hints = _fields(cls)
    faults = [f"{path}.{name}: Stripe has no such field" for name in said if name not in hints]
    for name, members in hints.items():
        if name not in said:
            if type(None) not in members and not said.get("deleted"):
                faults.append(f"{path}.{name}: is missing")
        else:
            faults += _value_faults(members, said[name], f"{path}.{name}", cls.__module__)
    return faults


def _value_faults(members: list[Any], said: Any, path: str, module: str) -> list[str]:
    words = [word for each in members if get_origin(each) is Literal for word in get_args(each)]
    if Any in members:
        return []
    if said is None:
        return [] if type(None) in members else [f"{path}: is null"]
    if words and not isinstance(said, dict | list):
        return [] if said in words else [f"{path}: {said!r} is none of {words}"]
    tried = [_arm_faults(each, said, path, module) for each in members if each is not type(None)]
    return min(tried, key=len) if tried else [f"{path}: nothing fits"]


def _arm_faults(arm: Any, said: Any, path: str, module: str) -> list[str]:
    origin, inner = get_origin(arm), get_args(arm)
    if origin is list:
        if not isinstance(said, list):
            return [f"{path}: {said!r} isn't a list"]
        members = list(arms(inner[0], module))
        return [
            fault
            for index, each in enumerate(said)
            for fault in _value_faults(members, each, f"{path}[{index}]", module)
        ]
    if origin is ListObject:
        if not isinstance(said, dict) or said.get("object") != "list":
            return [f"{path}: {said!r} isn't a list object"]
        extra = said.keys() ^ {"object", "data", "has_more", "url"}
        faults = [f"{path}: {name} is odd in a list" for name in extra]
        return faults + _arm_faults(list[inner[0]], said["data"], f"{path}.data", module)  # type: ignore[valid-type]  # a type at run time
    if origin is UntypedStripeObject or arm is UntypedStripeObject:
        if not isinstance(said, dict):
            return [f"{path}: {said!r} isn't a hash"]
        members = list(arms(inner[0], module)) if inner else [Any]
        return [
            fault
            for name, each in said.items()
            for fault in _value_faults(members, each, f"{path}.{name}", module)
        ]
    if isinstance(arm, type) and issubclass(arm, StripeObject):
        return object_faults(arm, said, path)
    return _plain_faults(arm, said, path)


def _plain_faults(arm: Any, said: Any, path: str) -> list[str]:
    if arm is Decimal:
        try:
            Decimal(said if isinstance(said, str) else "no")
        except InvalidOperation:
            return [f"{path}: {said!r} isn't a decimal in a string"]
        return []
    if arm is float:
        arm = (int, float)
    fits = isinstance(said, arm) and (arm is bool or not isinstance(said, bool))
    return [] if fits else [f"{path}: {said!r} isn't {arm}"]


def thing_faults(said: Any) -> list[str]:
    """Any answer of the API: an object by its own name, a list by its members."""
    if said.get("object") == "list":
        return [fault for each in said["data"] for fault in thing_faults(each)]
    faults = object_faults(object_class(said["object"]), said)
    if said["object"] == "event":
        faults += thing_faults(said["data"]["object"])
    return faults


def parameter_faults(kind: parameters.Kind, annotation: Any, module: str, path: str) -> list[str]:
    """How ``kind`` may take what ``annotation`` doesn't allow."""
    members = list(arms(annotation, module))
    words = {word for each in members if get_origin(each) is Literal for word in get_args(each)}
    plain = [each for each in members if get_origin(each) is not Literal]
    faults: list[str] = []
    if getattr(kind, "clears", False) and "" not in words:
        faults.append(f"{path}: can't be cleared")
    match kind:
        case parameters.Either():
            faults += parameter_faults(kind.plain, annotation, module, path)
            faults += parameter_faults(kind.hashed, annotation, module, path)
        case parameters.Group():
            faults += _group_faults(kind, plain, path)
        case parameters.Many():
            lists = [each for each in plain if get_origin(each) is list]
            if not lists:
                return [*faults, f"{path}: isn't a list"]
            faults += parameter_faults(kind.each, get_args(lists[0])[0], module, f"{path}[]")
        case parameters.Metadata():
            if not any(get_origin(each) is dict for each in plain):
                faults.append(f"{path}: isn't a free hash")
        case parameters.One():
            odd = set(kind.of) - words
            if odd and (words - {""} or str not in plain):
                faults.append(f"{path}: {sorted(odd)} isn't among {sorted(words)}")
        case parameters.Moment():
            if int not in plain or set(kind.words) - words:
                faults.append(f"{path}: isn't a time with the words {kind.words}")
        case parameters.Whole():
            faults += [] if int in plain else [f"{path}: isn't a whole number"]
        case parameters.Number():
            faults += [] if float in plain else [f"{path}: isn't a number"]
        case parameters.Flag():
            faults += [] if bool in plain else [f"{path}: isn't a boolean"]
        case parameters.Text() | parameters.Email() | parameters.Address():
            if str not in plain or words - {""}:
                faults.append(f"{path}: isn't free text")
        case _:
            faults.append(f"{path}: {kind} is a kind that no rule here knows")
    return faults


def _group_faults(kind: parameters.Group, plain: list[Any], path: str) -> list[str]:
    hashes = [each for each in plain if is_typeddict(each)]
    if not hashes:
        return [f"{path}: isn't a hash"]
    cls = hashes[0]
    faults = [
        f"{path}: {name} is needed by Stripe and not by us"
        for name in cls.__required_keys__ - set(kind.needs)
    ]
    for name, each in kind.fields.items():
        if name not in cls.__annotations__ or name in OPTIONS:
            faults.append(f"{path}: Stripe doesn't know {name}")
        else:
            hint = cls.__annotations__[name]
            faults += parameter_faults(each, hint, cls.__module__, f"{path}[{name}]")
    return faults


# Keywords of the library that aren't parameters of the request.
OPTIONS = {
    "api_key",
    "stripe_version",
    "stripe_account",
    "stripe_context",
    "max_network_retries",
    "idempotency_key",
    "content_type",
    "headers",
}
