#!/usr/bin/env python3
"""The golden HTML pages in a real browser: html_in_browser.py GOLDEN_DIRECTORY [PAGE.html ...] [--keep DIRECTORY]

Each page is drawn 1280 and 400 pixels wide, light and dark, from inside a frame that measures it: nothing may stick out
to the right, no foreign mark-up may have come alive, nothing may be fetched, and the console must stay clean. With --keep the screenshots are
left in a directory, to be looked at. Exit code 77 (skipped) without a browser.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CASES = ("incident.html.2", "calm.html.0", "besieged.html.1", "many.html.2", "long.html.2")
WIDTHS = (1280, 400)
SCHEMES = {"light": 1, "dark": 0}
# The page forbids scripts to itself; what measures it is added to a copy, in place of that rule.
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
PROBE = """<script>
addEventListener("load", () => {
  const root = document.documentElement;
  const scrolls = e => { while (e && e !== root) { if (getComputedStyle(e).overflowX !== "visible") return true; e = e.parentElement; } };
  const wide = [...document.querySelectorAll("main *")].filter(e =>
    e.getBoundingClientRect().right > root.clientWidth + 1 && !scrolls(e)).map(e => e.tagName + "." + e.className);
  console.log("PROBE " + JSON.stringify({
    sticks_out: root.scrollWidth > root.clientWidth ? root.scrollWidth : 0, wide: wide.slice(0, 5),
    strangers: document.querySelectorAll("img, b, script:not(:first-of-type), iframe").length,
    paper: getComputedStyle(document.body).backgroundColor, articles: document.querySelectorAll("article").length,
    fetched: performance.getEntriesByType("resource").map(e => e.name).slice(0, 5)}));
});
</script>"""


def run_browser(browser, page, width, scheme, *more):
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-browser-") as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                   f"--user-data-dir={profile}", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                   f"--window-size={width},2400", "--enable-logging=stderr", "--v=0", *more, page.as_uri()]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=120, check=False)
    console = re.findall(r'CONSOLE[^"]*"(.*?)", source:', done.stderr, flags=re.DOTALL)
    return done, console


def complaints_about(browser, page, width, scheme, scratch, keep):
    """What is wrong with one page at one width in one scheme."""
    name = f"{page.name.split('.')[0]}-{width}-{scheme}"
    copy = scratch / f"{name}.html"
    text = page.read_text(encoding="utf-8")
    copy.write_text(text, encoding="utf-8")
    shot = (keep or scratch) / f"{name}.png"
    done, console = run_browser(browser, copy, width, scheme, f"--screenshot={shot}")
    wrong = [f"console: {line}" for line in console]
    if done.returncode != 0 or not shot.exists() or shot.stat().st_size < 2000:
        return [*wrong, f"no screenshot, exit {done.returncode}: {done.stderr[-500:]}"]
    framed = scratch / f"{name}-framed.html"
    probed = scratch / f"{name}-probed.html"
    probed.write_text(POLICY.sub(lambda _: PROBE, text, count=1), encoding="utf-8")
    # A headless window is never narrower than 500 pixels; a frame is.
    framed.write_text(f'<!DOCTYPE html><iframe src="{probed.name}" style="border:0;width:{width}px;height:2000px"></iframe>',
                      encoding="utf-8")
    _, console = run_browser(browser, framed, 1300, scheme, "--dump-dom")
    answers = [line for line in console if line.startswith("PROBE ")]
    wrong += [f"console, probed: {line}" for line in console if line not in answers]
    if len(answers) != 1:
        return [*wrong, f"measured {len(answers)} times"]
    found = answers[0]
    plain = found.replace('\\"', '"')
    if '"sticks_out":0,"wide":[],"strangers":0' not in plain or '"fetched":[]' not in plain:
        wrong.append(found)
    light = "rgb(246, 247, 249)" in found
    if light != (scheme == "light"):
        wrong.append(f"not {scheme}: {found}")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("golden", type=Path)
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    browser = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if browser is None:
        print("skipped: no", " or ".join(BROWSERS), "here")
        return SKIPPED
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        given.keep = given.keep.resolve()
    pages = given.pages or [given.golden / case for case in CASES if (given.golden / case).exists()]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-pages-") as scratch:
        for page in pages:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    wrong = complaints_about(browser, page.resolve(), width, scheme, Path(scratch), given.keep)
                    failed += bool(wrong)
                    print(f"{'FAILED' if wrong else 'ok':6}  {page.name}, {width} pixels, {scheme}")
                    for line in wrong:
                        print("        " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
