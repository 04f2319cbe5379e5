"""jinja, as transformers sets it up, with every operation of a template counted, and its texts traced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MethodType
from typing import Any, NoReturn

from jinja2 import Environment, Template, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context

from dolly_widget.text.sandbox.bounds import BoundsError, budget, limited
from dolly_widget.text.sandbox.filters import FILTERS, each
from dolly_widget.text.sandbox.methods import Method, methods_of
from dolly_widget.text.sandbox.operators import OPERATORS
from dolly_widget.text.sandbox.traced import concat, text_of

_LONGEST_SOURCE = 100_000
_MOST_NODES = 10_000
_MESSAGE = 100
"""What a message counts beside its text, in characters."""
_NO_PLACE = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport, nodes.EvalContextModifier)
_LOOP_METHODS = ("cycle", "changed")


def render(source: str, variables: Mapping[str, Any], now: datetime) -> str:
    """Return the template's text for ``variables``; what is ``traced`` in them is traced in it.

    ``variables`` has the chat's ``messages``: the more they are, the more a template may take. Raises
    BoundsError where it takes too much, and whatever else an expression can raise.
    """
    # Not what the model's files bring: that a token is large is no reason to take more.
    given = sum(len(message["content"]) + _MESSAGE for message in variables["messages"])
    with limited(given) as budget:
        template = _compile(source)
        own = {**variables, "strftime_now": Method(_clock(now))}
        chunks = []
        for chunk in template.root_render_func(template.new_context(own)):
            budget.write(len(chunk))
            chunks.append(chunk)
        return concat(chunks)


def _clock(now: datetime) -> Callable[[str], str]:
    def strftime_now(format: str) -> str:
        if len(format) > 100:
            raise BoundsError("makes too large a value")
        return now.strftime(format)

    return strftime_now


@lru_cache(maxsize=8)
def _compile(source: str) -> Template:
    if len(source) > _LONGEST_SOURCE:
        raise BoundsError("is too long")
    return _environment().from_string(source)


class _Generation(Extension):
    """``{% generation %}`` marks the answers of a chat, for training; its text stands as it is."""

    tags = {"generation"}  # noqa: RUF012  # jinja's own type

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("text"), [], [], body).set_lineno(line)

    def text(self, caller: Macro) -> str:
        return caller()


class _Generator(CodeGenerator):
    """Writes jinja's own code, with a call of the environment wherever a value is made."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:
        self._made(lambda: super(_Generator, self).visit_List(node, frame))

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:
        self._made(lambda: super(_Generator, self).visit_Dict(node, frame))

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:
        if node.ctx == "load":
            self._made(lambda: super(_Generator, self).visit_Tuple(node, frame))
        else:  # names that are assigned to
            super().visit_Tuple(node, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        if isinstance(node.arg, nodes.Slice):
            self._made(lambda: super(_Generator, self).visit_Getitem(node, frame))
        else:
            super().visit_Getitem(node, frame)

    def _made(self, write_value: Callable[[], None]) -> None:
        self.write("environment.made(")
        write_value()
        self.write(")")


class _Namespace(Namespace):
    """A template's own variables. Not printed: one can hold others, and itself."""

    def __repr__(self) -> str:
        return "<Namespace>"


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = _Generator
    concat = staticmethod(concat)  # of captured blocks, macros and calls
    intercepted_binops = frozenset(OPERATORS)

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_Generation, loopcontrols],
            optimized=False,  # nothing is computed before a budget counts it
            finalize=_finalize,
        )
        self.filters = {**FILTERS, "each": each}
        self.globals = {
            "range": Method(lambda *args: budget().made(range_of(*args))),
            "dict": Method(dict),
            "namespace": Method(_Namespace),
            "raise_exception": Method(_raise_exception),
        }

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        for count, node in enumerate(list(source.find_all(nodes.Node))):
            if count > _MOST_NODES:
                raise BoundsError("is too long")
            if isinstance(node, _NO_PLACE):
                raise TemplateSyntaxError(f"it uses {type(node).__name__.lower()}", node.lineno)
            if isinstance(node, nodes.For):
                node.iter = nodes.Filter(node.iter, "each", [], [], None, None, lineno=node.lineno)
        return super()._generate(source, *args, **kwargs)

    def made(self, value: Any) -> Any:
        """A value, counted."""
        return budget().made(value)

    def joined(self, values: tuple[Any, ...]) -> str:
        """What ``~`` makes of values."""
        return budget().made(concat(map(text_of, values)))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """``left`` and ``right`` joined by an operator."""
        return budget().made(OPERATORS[operator](left, right))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: a method that may be called, or an item."""
        methods = methods_of(obj)
        if methods is None:
            return super().getattr(obj, attribute)
        if attribute in methods:
            return Method(methods[attribute], obj)
        if hasattr(type(obj), attribute):
            return self.unsafe_undefined(obj, attribute)
        return self._item(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``."""
        found = self._item(obj, argument)
        return self.getattr(obj, str(argument)) if isinstance(found, Undefined) and isinstance(argument, str) else found

    def _item(self, obj: Any, key: Any) -> Any:
        try:
            return obj[key]
        except (TypeError, LookupError, AttributeError):
            return self.undefined(obj=obj, name=key)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what a template may call. jinja's own names: a template's arguments can have any other."""
        if isinstance(__obj, LoopContext):
            args = tuple(map(each, args))
        elif not _is_callable(__obj):
            raise SecurityError(f"{__obj!r} is not safely callable")
        return budget().call(lambda: __context.call(__obj, *args, **kwargs))


def _is_callable(value: Any) -> bool:
    if isinstance(value, MethodType):
        owner, name = value.__self__, value.__name__
        return isinstance(owner, _Generation) or (isinstance(owner, LoopContext) and name in _LOOP_METHODS)
    return isinstance(value, (Method, Macro, BlockReference, Undefined))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return _Environment()


@pass_context  # so that jinja does not compute it before there is a budget
def _finalize(context: Context, value: Any) -> str:
    return budget().made(text_of(value))


def _raise_exception(message: Any) -> NoReturn:
    raise TemplateError(text_of(message))


def range_of(*args: int) -> range:
    """``range`` of a bounded length."""
    numbers = range(*args)
    budget().allow(16 * len(numbers))
    return numbers
