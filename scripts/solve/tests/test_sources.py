"""Definitions and syntax, with the languages' own programs."""
import os
import pathlib
import tempfile
import unittest

from solve import definitions, syntax

SOURCES = {
    "a.py": ("class Page:\n    def label(self):\n        return 1\n\nasync def go(): pass\n", {"Page", "label", "go"}),
    "a.js": ("export function slug(s) {\n  if (s) {\n  }\n}\nclass A {\n  get(x) {\n  }\n}\nconst f = (a) => a;\n",
             {"slug", "A", "get", "f"}),
    "a.ts": ("export interface Row { a: number }\nexport class B {\n  private put(x: number): void {\n  }\n}\n",
             {"Row", "B", "put"}),
    "a.rs": ("pub struct S;\nimpl S {\n    pub fn new() -> Self { S }\n}\nconst N: u8 = 1;\n", {"S", "new", "N"}),
    "a.c": ("#define MAX 3\nstruct ring {\n  int n;\n};\nstatic int push(struct ring *r,\n                int v) {\n  if (v) {\n  }\n"
            "  return 0;\n}\n", {"MAX", "ring", "push"}),
    "a.sh": ("say() {\n  :\n}\nrun () {\n  :\n}\n", {"say", "run"}),
    "a.go": ("package a\n\ntype T struct{}\n\nfunc (t *T) Get() int { return 1 }\n", {"T", "Get"}),
}


class Definitions(unittest.TestCase):
    def test_each_language_is_read(self):
        for path, (text, names) in SOURCES.items():
            self.assertEqual(definitions.defined(path, text), names, path)

    def test_a_script_is_known_by_its_first_line(self):
        self.assertEqual(definitions.defined("bin/jot", "#!/bin/sh\nsay() { :; }\n"), {"say"})
        self.assertIsNone(definitions.defined("README.md", "say() { :; }\n"))

    def test_a_definition_that_vanished_is_lost_and_one_that_moved_is_not(self):
        before = {"a.py": "def f(): pass\ndef g(): pass\n"}
        self.assertEqual(definitions.lost(before, {"a.py": "def f(): pass\n"}, ""), ["g"])
        self.assertEqual(definitions.lost(before, {"a.py": "def f(): pass\n", "b.py": "def g(): pass\n"}, ""), [])
        self.assertEqual(definitions.lost(before, {}, ""), ["f", "g"])

    def test_what_the_issue_names_may_go_but_only_the_whole_word(self):
        before, after = {"a.py": "def page(): pass\n"}, {"a.py": "def sheet(): pass\n"}
        self.assertEqual(definitions.lost(before, after, "rename `page` to sheet"), [])
        self.assertEqual(definitions.lost(before, after, "pages are wrong"), ["page"])

    def test_a_file_that_does_not_parse_has_lost_nothing(self):
        self.assertEqual(definitions.lost({"a.py": "def f(): pass\n"}, {"a.py": "def ("}, ""), [])


class Syntax(unittest.TestCase):
    def setUp(self):
        room = tempfile.TemporaryDirectory()
        self.addCleanup(room.cleanup)
        self.before, self.after = pathlib.Path(room.name, "before"), pathlib.Path(room.name, "after")
        self.before.mkdir()
        self.after.mkdir()

    def judged(self, path, old, new):
        (self.before / path).write_text(old)
        (self.after / path).write_text(new)
        return syntax.unparsable(self.before, self.after, {path: "changed"}, dict(os.environ))

    def test_a_good_file_parses_and_a_cut_one_does_not(self):
        for path in ("a.py", "a.js", "a.rs", "a.c", "a.sh"):
            text = SOURCES[path][0].replace("export ", "")
            self.assertEqual(self.judged(path, text, text), [], path)
            self.assertEqual(self.judged(path, text, text[:text.rindex("}") if path != "a.py" else -7] + "("), [path], path)
        self.assertEqual(self.judged("a.json", "{}", "{"), ["a.json"])

    def test_what_could_not_be_read_before_speaks_against_nobody(self):
        self.assertEqual(self.judged("a.c", '#include "none.h"\n', '#include "none.h"\nint a;\n'), [])

    def test_a_file_without_a_program_that_knows_it_is_not_judged(self):
        self.assertIsNone(syntax.parses(self.after, "README.md", dict(os.environ)))
        (self.after / "a.rs").write_text("fn (")
        self.assertIsNone(syntax.parses(self.after, "a.rs", {"PATH": ""}))
