#!/usr/bin/env python3
"""The golden HTML pages are well-formed, stand alone and hold no mark-up of strangers: html_pages.py GOLDEN_DIRECTORY"""
import re
import sys
import unittest
from html.parser import HTMLParser
from pathlib import Path

GOLDEN = Path()  # set by main
VOID = {"meta", "br", "path", "rect"}  # the last two close themselves, in SVG
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "article", "div", "h1",
            "h2", "h3", "h4", "p", "span", "ul", "ol", "li", "dl", "dt", "dd", "pre", "code", "br", "a", "table", "tr", "th",
            "td", "details", "summary", "svg", "g", "path", "rect", "text"}
ATTRIBUTES = {"lang", "charset", "name", "content", "http-equiv", "class", "id", "href", "style", "viewbox", "role",
              "aria-label", "scope", "d", "x", "y", "width", "height", "rx"}


class Page(HTMLParser):
    """Keeps the elements that are open, every complaint, and the visible text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.complaints, self.ids, self.links, self.text = [], [], [], [], []
        self.feed(text)
        self.close()
        self.complaints += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        if tag not in ELEMENTS:
            self.complaints.append(f"<{tag}> has no place here")
        for name, value in attributes:
            if name not in ATTRIBUTES:
                self.complaints.append(f"<{tag} {name}> has no place here")
            if name == "style" and not re.fullmatch(r"width:\d+(\.\d)?%", value or ""):
                self.complaints.append(f"<{tag} style={value!r}>")
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
        if tag == "th" and "scope" not in dict(attributes):
            self.complaints.append(f"<th> at {self.getpos()} does not say what it is the head of")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.complaints.append(f"</{tag}> at {self.getpos()} closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_comment(self, data):
        self.complaints.append(f"a comment: {data!r}")

    def handle_data(self, data):
        self.text.append(data)


class Pages(unittest.TestCase):
    def pages(self):
        paths = sorted(GOLDEN.glob("*.html.*"))
        self.assertGreater(len(paths), 10)
        for path in paths:
            with self.subTest(path.name):
                yield path.name, path.read_text(encoding="utf-8", errors="strict")

    def test_elements_nest_and_none_is_foreign(self):
        for _, text in self.pages():
            self.assertTrue(text.startswith("<!DOCTYPE html>\n"))
            page = Page(text)
            self.assertEqual([], page.complaints)
            self.assertEqual(len(page.ids), len(set(page.ids)))

    def test_nothing_leads_out_of_the_page(self):
        for _, text in self.pages():
            lower = text.lower()
            for reference in ("<script", "http://", "https://", "src=\"", "url(", "@import", "<link", "<iframe"):
                self.assertNotIn(reference, lower)
            page = Page(text)
            for link in page.links:
                self.assertTrue(link.startswith("#") and link[1:] in page.ids, link)

    def test_no_control_characters(self):
        for _, text in self.pages():
            foreign = [c for c in text if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E]
            self.assertEqual([], foreign)

    def test_hostile_names_are_shown_as_what_they_are(self):
        text = (GOLDEN / "besieged.html.1").read_text(encoding="utf-8")
        self.assertIn("<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>", "".join(Page(text).text))

    def test_a_screen_reader_finds_its_way(self):
        for _, text in self.pages():
            self.assertIn('<html lang="en">', text)
            self.assertEqual(1, text.count("<h1>"))
            levels = [int(level) for level in re.findall(r"<h(\d)", text)]
            self.assertTrue(all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels)
            for svg in re.findall(r"<svg.*?</svg>", text, re.S):
                self.assertTrue('role="img"' in svg and "<title>" in svg, svg[:200])

    def test_it_is_made_for_phones_printers_and_dark_rooms(self):
        for _, text in self.pages():
            for part in ('name="viewport"', "prefers-color-scheme: dark", "@media print", "<title>TCP "):
                self.assertIn(part, text)


if __name__ == "__main__":
    GOLDEN = Path(sys.argv.pop(1))
    unittest.main()
