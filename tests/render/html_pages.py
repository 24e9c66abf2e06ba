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
    """Keeps the elements with the text in them, every complaint, and the visible text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.complaints, self.ids, self.links, self.text = [], [], [], [], []
        self.elements = []  # [tag, where its text begins, where it ends]
        self.feed(text)
        self.close()
        self.complaints += [f"<{element[0]}> is never closed" for element in self.open]

    def parts(self, tag):
        """The text of each element with this tag."""
        return ["".join(self.text[begin:end]) for name, begin, end in self.elements if name == tag]

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
            self.open.append([tag, len(self.text), None])
            self.elements.append(self.open[-1])

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()[2] = len(self.text)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.complaints.append(f"</{tag}> at {self.getpos()} closes {self.open[-1:]}")
        else:
            self.open.pop()[2] = len(self.text)

    def handle_comment(self, data):
        self.complaints.append(f"a comment: {data!r}")

    def handle_data(self, data):
        self.text.append(data)


def complaints_about(text):
    """What no page may have, and what each must: elements that nest, nothing foreign, nothing fetched, a way through it."""
    page = Page(text)
    complaints = list(page.complaints)

    def must(holds, what):
        complaints.extend([] if holds else [what])

    must(text.startswith("<!DOCTYPE html>\n"), "it does not begin as HTML")
    must(len(page.ids) == len(set(page.ids)), f"two elements have one id: {page.ids}")
    for reference in ("<script", "http://", "https://", "src=\"", "url(", "@import", "<link", "<iframe"):
        must(reference not in text.lower(), f"{reference} leads out of the page")
    for link in page.links:
        must(link.startswith("#") and link[1:] in page.ids, f"{link} leads nowhere")
    foreign = [c for c in text if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E]
    must(not foreign, f"control characters: {foreign}")
    must('<html lang="en">' in text, "a screen reader does not learn the language")
    must(text.count("<h1>") == 1, "not one <h1>")
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    must(all(after <= before + 1 for before, after in zip(levels, levels[1:])), f"levels of headings left out: {levels}")
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        must('role="img"' in svg and "<title>" in svg, f"a screen reader does not see {svg[:200]}")
    for part in ('name="viewport"', "prefers-color-scheme: dark", "@media print", "<title>TCP "):
        must(part in text, f"no {part}: it is for phones, printers and dark rooms")
    return complaints


class Pages(unittest.TestCase):
    def test_every_page_is_one_for_everybody(self):
        paths = sorted(GOLDEN.glob("*.html.*"))
        self.assertGreater(len(paths), 6)
        for path in paths:
            with self.subTest(path.name):
                self.assertEqual([], complaints_about(path.read_text(encoding="utf-8", errors="strict")))

    def test_hostile_names_are_shown_as_what_they_are(self):
        text = (GOLDEN / "besieged.html.1").read_text(encoding="utf-8")
        self.assertIn("<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>", "".join(Page(text).text))

    def test_a_bad_page_is_complained_about(self):
        good = (GOLDEN / "incident.html.2").read_text(encoding="utf-8")
        for old, new in (("</main>", ""), ("<p>", "<p onclick='x'>"), ("<main>", "<main><script>1</script>"),
                         ("<main>", "<main><a href='#nowhere'>x</a>"), ("<main>", "<main><h1>again</h1>"),
                         ("<main>", "<main>\x1b"), ("@media print", ""), ("<main>", "<main><!-- -->")):
            with self.subTest(old=old, new=new):
                self.assertIn(old, good)
                self.assertNotEqual([], complaints_about(good.replace(old, new, 1)))


if __name__ == "__main__":
    GOLDEN = Path(sys.argv.pop(1))
    unittest.main()
