#!/usr/bin/env python3
"""tools/facts_page.py writes a list for each table, and refuses what it does not understand."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/facts_page.py"
SCHEMA = """
inline constexpr auto host_columns = std::to_array<Column>({
    {"kernel", Type::text, "", "Kernel release."},
    // a comment
    {"free_min", Type::number, "ports", "At least so "
     "many. See --to.", "free ports", "usable - in_use"},
    {"drifted", Type::boolean, "", "Below free_min, in /etc/sysctl.conf: 'sysctl --system'.", "", "",
     Collection::boot_sysctls},
});
"""
TEMPLATE = ".Sh FACTS\n@facts of host@\n.Sh EXAMPLES\n"
PAGE = r"""
.Sh FACTS
.Bl -tag -width Ds
.It Va kernel Pq text
Kernel release.
.It Va free_min Pq ports
At least so many.
See
.Fl -to .
.It Va drifted Pq yes or no
Below
.Va free_min ,
in
.Pa /etc/sysctl.conf :
.Ql sysctl --system .
.El
.Sh EXAMPLES
"""


def page_of(schema, template=TEMPLATE):
    """The page, or None if the tool refused."""
    with tempfile.TemporaryDirectory() as directory:
        where = pathlib.Path(directory)
        (where / "schema.h").write_text(schema, encoding="utf-8")
        (where / "page.in").write_text(template, encoding="utf-8")
        run = subprocess.run([sys.executable, TOOL, where / "page", where / "page.in", where / "schema.h"],
                             capture_output=True, check=False)
        return (where / "page").read_text(encoding="utf-8") if run.returncode == 0 else None


class FactsPage(unittest.TestCase):
    def test_rows_become_items(self):
        self.assertEqual(PAGE.lstrip(), page_of(SCHEMA))

    def test_what_is_no_row_is_refused(self):
        for right, wrong in ((', "Kernel release."', ""), ("Type::text", "Type::date"), ("Type::text", "text"),
                             ('"Kernel release."', "KERNEL"), ('"Kernel release."', 'R"(Kernel release.)"'),
                             ("Kernel release", r"Kernel\nrelease"), ('release."},', 'release.", 5},'),
                             ("Column>({", "Column>(rows_of({"), ("host_columns", "host_rows"), ("// a comment", "a comment")):
            with self.subTest(wrong=wrong):
                self.assertIn(right, SCHEMA)
                self.assertIsNone(page_of(SCHEMA.replace(right, wrong)))

    def test_each_table_has_one_place(self):
        for template in (TEMPLATE.replace("host", "source"), TEMPLATE + "@facts of host@\n", ""):
            with self.subTest(template=template):
                self.assertIsNone(page_of(SCHEMA, template))


unittest.main()
