"""Undo the soft line breaks of format=flowed text. Source: RFC 3676 4.1 to 4.5."""


def _depth(line: str) -> tuple[int, str]:
    rest = line.lstrip(">")
    return len(line) - len(rest), rest


def unflow(text: str, *, delete_space: bool) -> str:
    """Return the text with flowed lines of one quote depth joined; `delete_space` is DelSp=yes."""
    lines: list[str] = []
    pending: list[str] = []
    pending_depth = 0

    def settle() -> None:
        if pending:
            mark = ">" * pending_depth
            lines.append(f"{mark} {''.join(pending)}" if mark else "".join(pending))
            pending.clear()

    for line in text.split("\n"):
        depth, rest = _depth(line)
        content = rest.removeprefix(" ")
        if pending and (depth != pending_depth or content == "-- "):
            settle()
        pending_depth = depth
        flowed = content.endswith(" ") and content != "-- "
        pending.append(content[:-1] if flowed and delete_space else content)
        if not flowed:
            settle()
    settle()
    return "\n".join(lines)
