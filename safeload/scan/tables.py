"""Rows as an HTML table, for notebooks that can show one."""

from __future__ import annotations

import html
from collections.abc import Iterable

from safeload.scan.report import printable


def html_table(heads: Iterable[str], rows: Iterable[Iterable[str]], *, caption: str = "") -> str:
    """A table whose every cell is text: what a file names cannot become markup."""

    def cells(tag: str, texts: Iterable[str]) -> str:
        style = ' style="text-align:left"'
        return "".join(f"<{tag}{style}>{html.escape(printable(text, 500))}</{tag}>" for text in texts)

    head = f"<tr>{cells('th', heads)}</tr>"
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    title = f'<caption style="text-align:left">{html.escape(printable(caption, 500))}</caption>' if caption else ""
    return f"<table>{title}<thead>{head}</thead><tbody>{body}</tbody></table>"
