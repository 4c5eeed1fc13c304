"""White space of an answer: at its beginning, at its end, and the unit of its indentation."""

from __future__ import annotations

from completion.cleanup.place import Place, indentation_of, unit_of

_OPENS = ("{", "[", "(", ":", "=>", "->", "do", "then", "begin", "=")


def leading_white_space(text: str, place: Place) -> str:
    """Without the white space that stands before the cursor already."""
    body = text.lstrip(" \t")
    if body.startswith("\n") or not body:
        return text
    given = text[: len(text) - len(body)]
    if not given:
        return text
    if place.line_before.strip():
        return body if place.line_before[-1] in " \t" else text
    missing = _expected(place)[len(place.line_before) :]
    return (missing if given.startswith(missing) else given) + body


def _expected(place: Place) -> str:
    """The indentation that a line here would have: that of the line above, one step more where it opens something."""
    above = place.line_above
    step = (place.unit or "    ") if above.rstrip().endswith(_OPENS) else ""
    return indentation_of(above) + step


def units(text: str, place: Place) -> str:
    """Lines after the first in the document's unit of indentation, where the answer uses another one."""
    first, *rest = text.split("\n")
    depths = [indentation_of(line) for line in rest if line.strip()]
    own = unit_of([depth for depth in depths if depth])
    if not own or not place.unit or own == place.unit:
        return text
    if own[0] != place.unit[0]:
        changed = [_converted(line, own, place.unit) for line in rest]
    else:
        changed = _in_steps(rest, place)
    return "\n".join([first, *changed])


def _converted(line: str, own: str, unit: str) -> str:
    """A line that counts its depth in tabs and not in spaces, or the other way round."""
    depth = indentation_of(line)
    return unit * depth.count(own) + line[len(depth) :]


def _in_steps(lines: list[str], place: Place) -> list[str]:
    """The lines with the document's steps, where their own are all of one other size and they come back from them."""
    given, meant, steps, found, returned = [len(place.indentation)], [len(place.indentation)], set(), [], False
    for line in lines:
        depth = len(indentation_of(line))
        if not line.strip():
            found.append(line)
            continue
        if depth > given[-1]:
            steps.add(depth - given[-1])
            given.append(depth)
            meant.append(meant[-1] + len(place.unit))
        while depth < given[-1] and len(given) > 1:
            given.pop()
            meant.pop()
        if depth != given[-1]:
            return lines
        returned = returned or len(given) == 1
        found.append(place.unit[0] * meant[-1] + line.lstrip(" \t"))
    own = next(iter(steps), 0)
    foreign = own % len(place.unit) if own else 0
    return found if len(steps) == 1 and own != len(place.unit) and (foreign or returned) else lines


def trailing_white_space(text: str, place: Place) -> str:
    """Without blank lines and white space at the end; before more code on its line, one line end may stay."""
    body = text.rstrip()
    rest = text[len(body) :]
    if not place.line_after.strip():
        return body
    if "\n" in rest:
        return body + "\n" + rest[rest.rfind("\n") + 1 :]
    return text
