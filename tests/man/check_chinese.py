#!/usr/bin/env python3
"""Holds the Chinese texts of `explain` against the English ones: check_chinese.py PROGRAM

Both say the same numbers, sysctls, states, calls, options, files and commands; no line is wider than 78 columns, where a Chinese
character counts two. And the program tells them where the locale or --lang asks for them, and English, saying so, where not.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

TOPICS = pathlib.Path(__file__).resolve().parents[2] / "rules/explain"
CHINESE = TOPICS / "zh"
COLUMNS = 78
# What both languages write the same way: names with an underscore, in capitals or with a capital inside; calls and pages;
# paths and file names; options; dotted names; rules and topics; numbers.
NAMES = re.compile(r"--?[A-Za-z][\w-]*(?==|\b)|[\w.]*/[\w./]+|\w+\(\d?\)|\w+(?:\.\w+)+|\w*_\w+|[A-Z]\w*[A-Z]\w*|\w+(?:-\w+)+", re.A)
WORDS = {"half-closed", "non-blocking"}  # English that looks like a name
NUMBERS = re.compile(r"(?<![\w.])\d+(?:\.\d+)*", re.A)
PROGRAM = os.path.abspath(sys.argv[1])
UTF8 = {"LC_ALL": "zh_CN.UTF-8"}


def width(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def commands(text):
    """What stands under "Run:", without what is said of it."""
    return [re.split(r" {2,}", line.strip())[0] for line in text.splitlines() if re.match(r" {4,}(tcpadvisor|--)", line)]


def names(text):
    return {name.strip("./") for name in NAMES.findall(text)} - WORDS


def pairs():
    return [(path, CHINESE / path.relative_to(TOPICS)) for folder in (".", "myths") for path in sorted((TOPICS / folder).glob("*.txt"))]


def explain(*arguments, locale):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name != "LANG"}
    run = subprocess.run([PROGRAM, "explain", *arguments], env=environment | locale, capture_output=True, timeout=60, check=False)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


class Texts(unittest.TestCase):
    def test_each_has_its_pair(self):
        self.assertEqual({chinese for _, chinese in pairs()}, set(CHINESE.rglob("*.txt")))

    def test_both_say_the_same(self):
        for english, chinese in pairs():
            with self.subTest(topic=english.stem):
                one, other = english.read_text(encoding="utf-8"), chinese.read_text(encoding="utf-8")
                self.assertEqual(set(NUMBERS.findall(one)), set(NUMBERS.findall(other)))
                self.assertEqual(names(one), names(other))
                self.assertEqual(commands(one), commands(other))
                self.assertEqual(one.count("\n\n"), other.count("\n\n"), "paragraphs")

    def test_form(self):
        for _, chinese in pairs():
            with self.subTest(topic=chinese.stem):
                text = chinese.read_text(encoding="utf-8")
                lines = text.splitlines()
                self.assertTrue(lines[0].startswith(chinese.stem + ": ") and not lines[1], lines[0])
                self.assertTrue(text.split("\n\n")[-1].startswith("资料来源。"))
                self.assertEqual([], [line for line in lines if width(line) > COLUMNS or line != line.rstrip()])


class Languages(unittest.TestCase):
    def setUp(self):
        self.chinese = (CHINESE / "2MSL.txt").read_text(encoding="utf-8")
        self.english = (TOPICS / "2MSL.txt").read_text(encoding="utf-8")

    def test_every_text_is_told(self):
        for english, chinese in pairs():
            with self.subTest(topic=english.stem):
                status, out, _ = explain(english.stem, locale=UTF8)
                self.assertEqual((0, chinese.read_text(encoding="utf-8")), (status, out[:len(chinese.read_text(encoding="utf-8"))]))

    def test_the_locale_chooses(self):
        for locale in (UTF8, {"LANG": "zh_CN.UTF-8"}, {"LANG": "zh_CN.utf8"}, {"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"},
                       {"LANG": "zh_SG.UTF-8"}, {"LANG": "zh_CN.UTF-8", "LC_ALL": ""}):
            with self.subTest(locale=locale):
                self.assertEqual((0, self.chinese), explain("2MSL", locale=locale)[:2])
        for locale in ({}, {"LANG": "C"}, {"LANG": "zh_TW.UTF-8"}, {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"},
                       {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "C"}, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}):
            with self.subTest(locale=locale):
                self.assertEqual((0, self.english), explain("2MSL", locale=locale)[:2])

    def test_the_option_chooses(self):
        self.assertEqual((0, self.chinese), explain("2MSL", "--lang", "zh", locale={"LANG": "en_US.UTF-8"})[:2])
        self.assertEqual((0, self.english), explain("2MSL", "--lang", "en", locale=UTF8)[:2])
        status, out, err = explain("2MSL", "--lang", "zh_TW", locale=UTF8)
        self.assertEqual((3, ""), (status, out))
        self.assertIn("--lang 'zh_TW': expected en or zh", err)

    def test_where_it_cannot_be_read_english_says_so(self):
        for arguments, locale in ((("2MSL", "--lang", "zh"), {"LC_ALL": "C"}), (("2MSL",), {"LANG": "zh_CN.GB18030"}),
                                  (("2MSL",), {"LANG": "zh_CN"})):
            with self.subTest(locale=locale):
                status, out, _ = explain(*arguments, locale=locale)
                note, _, text = out.partition("\n\n")
                self.assertEqual((0, self.english), (status, text))
                self.assertIn("UTF-8", note)
                self.assertTrue(out.isascii())

    def test_what_is_not_translated_says_so(self):
        for topic in ("close-wait-leak", "net.ipv4.tcp_tw_reuse", "host.kernel", "Connection refused"):
            with self.subTest(topic=topic):
                status, out, _ = explain(topic, locale=UTF8)
                note, _, text = out.partition("\n\n")
                self.assertEqual(0, status)
                self.assertRegex(note, r"^（.*英文.*）$")
                self.assertTrue(text[:20].isascii())

    def test_names_in_chinese(self):
        for asked, topic in (("四次挥手", "four-way-close"), ("2MSL", "2MSL"), ("客户端", "client"), ("端口耗尽", "ports"), ("误区", "myths")):
            self.assertTrue(explain(asked, locale=UTF8)[1].startswith(topic + ": "), asked)
        # A question in Chinese is answered in Chinese.
        self.assertTrue(explain("四次挥手", locale={"LANG": "en_US.UTF-8"})[1].startswith("four-way-close: 四次挥手"))
        self.assertTrue(explain("四次挥手", "--lang", "en", locale=UTF8)[1].startswith("four-way-close: how "))
        self.assertEqual(3, explain("五次挥手", locale=UTF8)[0])

    def test_messages_of_a_chinese_libc_are_known(self):
        for message, topic in (("bind: 地址已在使用", "address-in-use"), ("connect: 无法指定被请求的地址", "address-not-available"),
                               ("connect to 10.0.0.1 port 443: 拒绝连接", "connection-refused"), ("recv: 连接被对方重置", "connection-reset")):
            self.assertIn(f"\n{topic}: ", explain(message, locale=UTF8)[1])

    def test_the_list_has_titles_in_chinese(self):
        listed = explain("--list", locale=UTF8)[1]
        self.assertIn("\n  TIME_WAIT: 双方", listed)
        english = explain("--list", "--lang", "en", locale=UTF8)[1]
        self.assertEqual(re.findall(r"^  ([^ :\n]+)", listed, re.M), re.findall(r"^  ([^ :\n]+)", english, re.M))

    def test_the_numbers_of_now_are_told_in_chinese(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "ss.txt")
            path.write_text("State Recv-Q Send-Q Local Address:Port Peer Address:Port\nESTAB 0 0 10.0.0.1:40000 10.0.0.2:443\n", encoding="utf-8")
            out = explain("ESTABLISHED", "--replay", str(path), locale=UTF8)[1]
            self.assertRegex(out, r"现在：\n  1 个套接字\n$")


unittest.main(argv=sys.argv[:1])
