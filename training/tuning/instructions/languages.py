"""The printers of the four languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from training.tuning.instructions.functions import Call, Expr, Function, Gather, Let, Name, Num, Op, Type, When
from training.tuning.instructions.printing import Calls, Printer, called


class Python(Printer):
    """Python, with its sentence as a docstring."""

    indent = "    "
    true, false = "True", "False"
    words: ClassVar[dict[str, str]] = {"and": "and", "or": "or", "==": "==", "!=": "!=", "&": "+"}
    negation = "not "
    calls: ClassVar[Calls] = {
        "min": called("min({0}, {1})"),
        "max": called("max({0}, {1})"),
        "ceil": called("math.ceil({0})"),
        "floor": called("math.floor({0})"),
        "round": called("round({0})"),
        "abs": called("abs({0})"),
        "length": called("len({0})"),
        "count": called("len({0})"),
        "share": called("len({0})"),
        "upper": called("{0.}.upper()"),
        "lower": called("{0.}.lower()"),
    }
    _types: ClassVar[dict[Type, str]] = {
        "number": "float",
        "text": "str",
        "flag": "bool",
        "numbers": "list[float]",
        "texts": "list[str]",
    }

    def preamble(self, function: Function) -> str:
        return "import math\n\n\n" if _uses(function, {"ceil", "floor"}) else ""

    def constant_name(self, name: Name) -> str:
        return "_".join(name).upper()

    def constant(self, name: Name, number: Num) -> str:
        return f"{self.constant_name(name)} = {number.text}"

    def head(self, function: Function, lines: list[str]) -> str:
        def typed(kind: Type) -> str:
            return self._types[kind].replace("float", "int" if function.whole else "float")

        names = [
            f"{self.name(name)}: {typed(kind)}" if self.look.typed else self.name(name)
            for name, kind in function.parameters
        ]
        result = f" -> {typed(function.result)}" if self.look.typed else ""
        head = f"def {self.name(function.name)}({', '.join(names)}){result}:\n"
        quotes = '"""'
        if len(lines) == 1:
            return f"{head}    {quotes}{lines[0]}{quotes}\n"
        if lines:
            return (
                f"{head}    {quotes}{lines[0]}\n" + "".join(f"    {line}\n" for line in lines[1:]) + f"    {quotes}\n"
            )
        return head

    def close(self) -> str:
        return ""

    def let(self, name: str, value: str) -> str:
        return f"{name} = {value}"

    def when(self, condition: str, end: str, again: bool, chained: bool) -> Iterator[str]:
        yield f"{'elif' if again else 'if'} {condition}:"
        yield f"    {end}"

    def otherwise(self, end: str) -> Iterator[str]:
        yield "else:"
        yield f"    {end}"

    def refuse(self, message: str) -> str:
        return f"raise ValueError({message})"

    def gather(self, gather: Gather, function: Function) -> Iterator[str]:
        name, item, items = self.name(gather.name), self.name(gather.item), self.name(gather.items)
        value = self.expression(gather.value)
        condition = f" if {self.expression(gather.condition)}" if gather.condition else ""
        each = f"{value} for {item} in {items}{condition}"
        plain = value == item and not condition
        wrapped = {"sum": "sum({})", "largest": "max({})", "smallest": "min({})", "joined": "{!r}.join({{}})"}
        if gather.kind == "count":
            yield f"{name} = " + (f"len([{each}])" if condition else f"len({items})")
        elif gather.kind == "list":
            yield f"{name} = [{each}]"
        else:
            pattern = f"{self.text(gather.between)}.join({{}})" if gather.kind == "joined" else wrapped[gather.kind]
            yield f"{name} = " + pattern.format(items if plain else each)


class Lua(Printer):
    """Lua, with its sentence as comments."""

    words: ClassVar[dict[str, str]] = {"and": "and", "or": "or", "==": "==", "!=": "~=", "&": ".."}
    negation = "not "
    calls: ClassVar[Calls] = {
        "min": called("math.min({0}, {1})"),
        "max": called("math.max({0}, {1})"),
        "ceil": called("math.ceil({0})"),
        "floor": called("math.floor({0})"),
        "round": lambda printer, args, level: f"math.floor({printer.expression(Op('+', args[0], Num('0.5')))})",
        "abs": called("math.abs({0})"),
        "length": called("#{0.}"),
        "count": called("#{0.}"),
        "share": called("#{0.}"),
        "upper": called("string.upper({0})"),
        "lower": called("string.lower({0})"),
    }

    def constant(self, name: Name, number: Num) -> str:
        return f"local {self.name(name)} = {number.text}"

    def head(self, function: Function, lines: list[str]) -> str:
        names = ", ".join(self.name(name) for name, _ in function.parameters)
        return "".join(f"-- {line}\n" for line in lines) + f"local function {self.name(function.name)}({names})\n"

    def close(self) -> str:
        return "end\n"

    def let(self, name: str, value: str) -> str:
        return f"local {name} = {value}"

    def when(self, condition: str, end: str, again: bool, chained: bool) -> Iterator[str]:
        yield f"{'elseif' if again else 'if'} {condition} then"
        yield f"  {end}"
        if not chained:
            yield "end"

    def otherwise(self, end: str) -> Iterator[str]:
        yield "else"
        yield f"  {end}"
        yield "end"

    def refuse(self, message: str) -> str:
        return f"error({message})"

    def gather(self, gather: Gather, function: Function) -> Iterator[str]:
        name, items = self.name(gather.name), self.name(gather.items)
        starts = {"sum": "0", "count": "0", "list": "{}", "joined": "{}"}
        yield f"local {name} = {starts.get(gather.kind, f'{items}[1]')}"
        yield f"for _, {self.name(gather.item)} in ipairs({items}) do"
        yield from self._step(gather, name)
        yield "end"
        if gather.kind == "joined":
            yield f"{name} = table.concat({name}, {self.text(gather.between)})"

    def _step(self, gather: Gather, name: str) -> Iterator[str]:
        value = self.expression(gather.value)
        condition = self.expression(gather.condition) if gather.condition else ""
        steps = {"sum": f"{name} = {name} + {value}", "count": f"{name} = {name} + 1"}
        if gather.kind in ("largest", "smallest"):
            condition, step = f"{value} {'>' if gather.kind == 'largest' else '<'} {name}", f"{name} = {value}"
        else:
            step = steps.get(gather.kind, f"table.insert({name}, {value})")
        if condition:
            yield from (f"  if {condition} then", f"    {step}", "  end")
        else:
            yield f"  {step}"


class _Braces(Printer):
    """What the languages with braces share."""

    condition_open, condition_close = "(", ")"

    def when(self, condition: str, end: str, again: bool, chained: bool) -> Iterator[str]:
        yield f"{'} else ' if again else ''}if {self.condition_open}{condition}{self.condition_close} {{"
        yield f"  {end}"
        if not chained:
            yield "}"

    def otherwise(self, end: str) -> Iterator[str]:
        yield "} else {"
        yield f"  {end}"
        yield "}"

    def loop(self, gather: Gather, name: str, opening: str, push: str) -> Iterator[str]:
        """The loop that gathers."""
        value = self.expression(gather.value)
        condition = self.expression(gather.condition) if gather.condition else ""
        steps = {"sum": f"{name} += {value}", "count": f"{name} += 1"}
        if gather.kind in ("largest", "smallest"):
            condition, step = f"{value} {'>' if gather.kind == 'largest' else '<'} {name}", f"{name} = {value}"
        else:
            step = steps.get(gather.kind, f"{name}.push({value})")
        yield opening
        if condition:
            yield f"  if {self.condition_open}{condition}{self.condition_close} {{"
            yield f"    {step}{self.line_end}"
            yield "  }"
        else:
            yield f"  {step}{self.line_end}"
        yield "}"


class JavaScript(_Braces):
    """JavaScript, with its sentence as comments."""

    line_end = ";"
    words: ClassVar[dict[str, str]] = {"and": "&&", "or": "||", "==": "===", "!=": "!==", "&": "+"}
    calls: ClassVar[Calls] = {
        "min": called("Math.min({0}, {1})"),
        "max": called("Math.max({0}, {1})"),
        "ceil": called("Math.ceil({0})"),
        "floor": called("Math.floor({0})"),
        "round": called("Math.round({0})"),
        "abs": called("Math.abs({0})"),
        "length": called("{0.}.length"),
        "count": called("{0.}.length"),
        "share": called("{0.}.length"),
        "upper": called("{0.}.toUpperCase()"),
        "lower": called("{0.}.toLowerCase()"),
    }

    def name(self, name: Name) -> str:
        return name[0] + "".join(word.capitalize() for word in name[1:])

    def constant(self, name: Name, number: Num) -> str:
        return f"const {self.name(name)} = {number.text};"

    def head(self, function: Function, lines: list[str]) -> str:
        names = ", ".join(self.name(name) for name, _ in function.parameters)
        head = f"function {self.name(function.name)}({names}) {{\n"
        if not lines:
            return head
        if self.look.typed:
            return "/**\n" + "".join(f" * {line}\n" for line in lines) + f" */\n{head}"
        return "".join(f"// {line}\n" for line in lines) + head

    def let(self, name: str, value: str) -> str:
        return f"const {name} = {value};"

    def refuse(self, message: str) -> str:
        return f"throw new Error({message});"

    def gather(self, gather: Gather, function: Function) -> Iterator[str]:
        name, items = self.name(gather.name), self.name(gather.items)
        starts = {"sum": "let {} = 0;", "count": "let {} = 0;", "list": "const {} = [];", "joined": "const {} = [];"}
        inner = f"{name}Parts" if gather.kind == "joined" else name
        yield starts.get(gather.kind, f"let {{}} = {items}[0];").format(inner)
        yield from self.loop(gather, inner, f"for (const {self.name(gather.item)} of {items}) {{", "push")
        if gather.kind == "joined":
            yield f"const {name} = {inner}.join({self.text(gather.between)});"


class MoonBit(_Braces):
    """MoonBit, with its sentence as documentation comments; numbers are Int or Double."""

    condition_open = condition_close = ""
    calls: ClassVar[Calls] = {
        "min": called("{0.}.min({1})"),
        "max": called("{0.}.max({1})"),
        "ceil": called("{0.}.ceil()"),
        "floor": called("{0.}.floor()"),
        "round": called("{0.}.round()"),
        "abs": called("{0.}.abs()"),
        "length": called("{0.}.length()"),
        "count": called("{0.}.length()"),
        "share": called("{0.}.length().to_double()"),
        "upper": called("{0.}.to_upper()"),
        "lower": called("{0.}.to_lower()"),
    }

    def _type(self, kind: Type) -> str:
        number = "Int" if self.whole else "Double"
        return {"number": number, "text": "String", "flag": "Bool", "numbers": f"Array[{number}]"}.get(
            kind, "Array[String]"
        )

    def number(self, number: Num) -> str:
        return number.text if self.whole or number.counts or "." in number.text else f"{number.text}.0"

    def constant(self, name: Name, number: Num) -> str:
        return f"///|\nlet {self.name(name)} : {self._type('number')} = {self.number(number)}"

    def head(self, function: Function, lines: list[str]) -> str:
        names = ", ".join(f"{self.name(name)} : {self._type(kind)}" for name, kind in function.parameters)
        documentation = "".join(f"/// {line}\n" for line in lines)
        return f"///|\n{documentation}fn {self.name(function.name)}({names}) -> {self._type(function.result)} {{\n"

    def let(self, name: str, value: str) -> str:
        return f"let {name} = {value}"

    def give(self, value: str, last: bool) -> str:
        return value if last else f"return {value}"

    def refuse(self, message: str) -> str:
        return f"abort({message})"

    def gather(self, gather: Gather, function: Function) -> Iterator[str]:
        name, items = self.name(gather.name), self.name(gather.items)
        zero = "0" if self.whole or gather.kind == "count" else "0.0"
        inner = f"{name}_parts" if gather.kind == "joined" else name
        items_type = self._type("texts") if function.result in ("texts", "text") else self._type("numbers")
        if gather.kind in ("list", "joined"):
            yield f"let {inner} : {items_type} = []"
        else:
            yield f"let mut {inner} = {zero if gather.kind in ('sum', 'count') else f'{items}[0]'}"
        yield from self.loop(gather, inner, f"for {self.name(gather.item)} in {items} {{", "push")
        if gather.kind == "joined":
            yield f"let {name} = {inner}.join({self.text(gather.between)})"


PRINTERS: dict[str, type[Printer]] = {"python": Python, "javascript": JavaScript, "lua": Lua, "moonbit": MoonBit}


def _uses(function: Function, names: set[str]) -> bool:
    def within(expression: Expr | None) -> bool:
        match expression:
            case Op(_, left, right):
                return within(left) or within(right)
            case Call(name, args):
                return name in names or any(map(within, args))
        return False

    for statement in function.body:
        match statement:
            case Let(_, value):
                found = within(value)
            case Gather():
                found = within(statement.value) or within(statement.condition)
            case When(condition, then):
                found = within(condition) or within(getattr(then, "value", None))
            case _:
                found = within(getattr(statement, "value", None))
        if found:
            return True
    return any(_uses(helper, names) for helper in function.helpers)
