#!/usr/bin/env python3
"""A preprocessor of mdBook: links that leave docs/ become addresses of the repository, and the list of modules is a page.

    tools/book_links.py supports html     mdBook asks this first
    tools/book_links.py                   reads [context, book] as JSON, writes the book
"""

import json
import pathlib
import posixpath
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"
REPOSITORY = "https://github.com/unband/unband/blob/main/"
LINK = re.compile(r"(\]\()([^)\s]+)(\))")


def outward(folder, match):
    target, _, place = match[2].partition("#")
    if not target or re.match(r"[a-z]+:|/", target):
        return match[0]
    path = posixpath.normpath(posixpath.join("docs", folder, target))
    inside = path.startswith("docs/") and (DOCS.parent / path).is_file() and not path.endswith(".toml")
    return match[0] if inside else f"{match[1]}{REPOSITORY}{path}{'#' + place if place else ''}{match[3]}"


def walk(items):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            folder = posixpath.dirname(chapter.get("path") or "")
            chapter["content"] = LINK.sub(lambda match: outward(folder, match), chapter["content"])
            walk(chapter["sub_items"])


def with_modules(items):
    """The chapters with the list of modules behind "Where is …?"."""
    made = subprocess.run([DOCS.parent / "scripts/modules"], capture_output=True, text=True, check=True).stdout
    at = next(i for i, item in enumerate(items) if isinstance(item, dict) and item.get("Chapter", {}).get("path") == "where.md")
    chapter = {"name": "Modules", "content": made, "number": None, "sub_items": [], "path": "modules.md", "source_path": None, "parent_names": []}
    items.insert(at + 1, {"Chapter": chapter})


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(0 if sys.argv[1:] == ["supports", "html"] else 1)
    _, book = json.load(sys.stdin)
    items = book.get("items") or book.get("sections")
    walk(items)
    with_modules(items)
    json.dump(book, sys.stdout)
