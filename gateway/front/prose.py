"""The little of CommonMark (and the tables of GitHub's) that our own descriptions use, as HTML."""

import re

from markupsafe import Markup, escape


def prose(text: str) -> Markup:
    """Plain text as HTML.

    Blank lines part blocks: `## a heading`, indented code, a `| table |` whose first row is its head, or a paragraph;
    `backticks` mark code.
    """
    blocks = [_block(block) for block in re.split(r"\n\s*\n", text.strip("\n")) if block.strip()]
    return Markup("\n".join(blocks))  # noqa: S704 - every piece was escaped


def headings(text: str) -> list[str]:
    """The headings of a text, in order."""
    return re.findall(r"(?m)^## (.+)$", text)


def anchor(text: str) -> str:
    """The id that a heading or a call has on its page."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _block(block: str) -> str:
    if block.startswith("    "):
        lines = "\n".join(line.removeprefix("    ") for line in block.split("\n"))
        return f'<pre tabindex="0"><code>{escape(lines)}</code></pre>'
    if block.startswith("## "):
        title = block.removeprefix("## ")
        return f'<h2 id="{anchor(title)}">{_marked(title)}</h2>'
    if block.startswith("|"):
        return _table([_cells(line) for line in block.split("\n")])
    return f"<p>{_marked(block)}</p>"


def _table(rows: list[list[str]]) -> str:
    head = "".join(f'<th scope="col">{cell}</th>' for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[2:])
    table = f'<table class="rows">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _cells(line: str) -> list[str]:
    return [_marked(cell) for cell in line.strip().strip("|").split("|")]


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(" ".join(text.split()))))
