#!/usr/bin/env python3
"""Each check can fail: it is shown a small tree that breaks its rule, and one that does not."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import docs
import format as formatting
import headers
import layers
import scripts
import sources
import style


class Tree(unittest.TestCase):
    """A temporary source tree."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def put(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def assert_only(self, problems, words):
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, str(problems[0]))


class Layers(Tree):
    def include(self, source, line, *others):
        for other in others:
            self.put(f"src/{other}", "#pragma once\n")
        self.put(f"src/{source}", line + "\n")
        return layers.check(self.root)

    def test_an_arrow_that_is_drawn_is_allowed(self):
        self.assertEqual(self.include("net/a.cpp", '#include "ring/b.hpp"', "ring/b.hpp"), [])

    def test_an_arrow_against_the_layers_is_found(self):
        problems = self.include("ring/a.cpp", '#include "net/b.hpp"', "net/b.hpp")
        self.assert_only(problems, "ring may not include net")

    def test_the_line_is_named(self):
        problems = self.include("base/a.cpp", '\n\n#include "net/b.hpp"', "net/b.hpp")
        self.assertEqual(problems[0].line, 3)

    def test_main_may_include_what_the_daemon_may(self):
        self.assertEqual(self.include("main.cpp", '#include "daemon/b.hpp"', "daemon/b.hpp"), [])
        self.assert_only(self.include("main.cpp", '#include "ring/b.hpp"', "ring/b.hpp"), "daemon")

    def test_a_library_has_one_door(self):
        self.assert_only(self.include("net/a.cpp", "#include <liburing.h>"), "only in src/ring/")
        self.assertEqual(self.include("net/a.cpp", "#include <vector>"), [])
        self.assertEqual(self.include("ring/a.cpp", "#include <liburing.h>"), [])

    def test_an_include_names_its_room_and_exists(self):
        self.assert_only(self.include("net/a.cpp", '#include "b.hpp"'), "room/b.hpp")
        self.assert_only(self.include("net/a.cpp", '#include "ring/b.hpp"'), "no file")

    def test_a_new_room_must_have_a_row(self):
        self.assert_only(self.include("attic/a.cpp", '#include "base/b.hpp"', "base/b.hpp"), "attic")


class Style(unittest.TestCase):
    def check(self, text, path="src/base/a.cpp"):
        return [str(problem) for problem in style.check_text(Path(path), text)]

    def assert_found(self, words, text, path="src/base/a.cpp"):
        problems = self.check(text, path)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, problems[0])

    def test_good_code_has_no_problem(self):
        self.assertEqual(self.check("// What it is.\nint f() {\n  return 1;\n}\n"), [])

    def test_long_files_and_lines_are_found(self):
        self.assert_found("601 lines", "int a;\n" * 601)
        self.assert_found("101 columns", "//" + "x" * 99 + "\n")
        self.assertEqual(self.check("int a;\n" * 600), [])

    def test_a_long_function_is_found_whatever_is_inside(self):
        def function(lines):
            return "int f(\n    int a\n) {\n" + "  if (a) { g([] { h(); }); }\n" * lines + "}\n"

        self.assertEqual(self.check(function(66)), [])
        self.assert_found("71 lines", function(67))
        self.assert_found("src/base/a.cpp:2:", "\n" + function(67))
        self.assert_found("71 lines", "class A {\n" + function(67) + "};\n")

    def test_long_scopes_are_no_functions(self):
        self.assertEqual(self.check("namespace a {\n" + "int f() { return 1; }\n" * 90 + "}\n"), [])
        self.assertEqual(self.check('TEST_SUITE("a") {\n' + "int b;\n" * 90 + "}\n"), [])
        self.assertEqual(self.check("constexpr int a[] = {\n" + "  1,\n" * 90 + "};\n"), [])

    def test_banned_words_name_their_replacement(self):
        self.assert_found("std::atomic", "volatile int a;\n")
        self.assert_found("rc::system_error", "f(strerror(e));\n")
        self.assert_found("name what you use", "using namespace std;\n")
        self.assert_found("do it, or say", "// TO" + "DO: later\n")
        self.assert_found("name the check", "int a;  // NOLINT\n")

    def test_words_in_comments_and_strings_are_no_code(self):
        self.assertEqual(self.check('// Not volatile: why.\nauto a = "throw"; char b = \'"\';\n'), [])
        self.assert_found("std::atomic", "int a = 1'000'000; volatile int b = 2'000;\n")

    def test_what_the_daemon_may_not_a_test_may(self):
        self.assertEqual(self.check("using namespace rc;\nthrow 1;\n", "tests/unit/a.cpp"), [])

    def test_text_names_no_tracker_no_mirror_and_no_home(self):
        self.assert_found("tracker", "// See issue #12.\n")
        self.assert_found("mirror", "see deb.debian.org\n", "README.md")
        self.assert_found("one person", "see /home/me/a\n", "README.md")

    def test_headers_open_with_a_paragraph_and_a_guard(self):
        self.assert_found("#pragma once", "// What.\n", "src/base/a.hpp")
        self.assert_found("paragraph", "#pragma once\n", "src/base/a.hpp")
        self.assertEqual(self.check("// What.\n#pragma once\n", "src/base/a.hpp"), [])


class Docs(Tree):
    def check(self, text, readme="src/README.md"):
        self.put(readme, text)
        problems = docs.check(self.root)
        return [problem for problem in problems if "arrows" not in problem.text]

    def test_files_that_exist_may_be_named(self):
        self.put("src/net/loop.cpp", "")
        text = "`net/loop.cpp`, `src/net/`, `loop.cpp`\n```\nnet/gone.cpp\n```\n"
        self.assertEqual(self.check(text), [])

    def test_a_file_that_is_gone_is_found(self):
        self.assert_only(self.check("\n\n`net/gone.cpp`\n"), "README.md:3: `net/gone.cpp`")
        self.assert_only(self.check("`gone/`\n"), "does not exist")

    def test_a_function_that_is_gone_is_found(self):
        self.put("src/net/loop.cpp", "void Loop::turn() {}\n")
        self.assertEqual(self.check("`Loop::turn`, `turn()`, `std::atomic`\n"), [])
        self.assert_only(self.check("`Loop::spin`\n"), "not in src/")
        self.assert_only(self.check("`spin()`\n"), "not in src/")

    def test_arrows_are_compared_with_the_rules(self):
        def problems(drawn):
            text = f"## Layers\n```\n{drawn}\n```\n## Next\n"
            return list(docs.check_arrows("README.md", text, {"a": ("b",), "b": ()}))

        self.assertEqual(problems("a → b    b → nothing"), [])
        self.assert_only(problems("a → b"), "arrows of b")
        self.assert_only(problems("a → b, c\nb → nothing"), "arrows of a")


class Scripts(Tree):
    def test_a_script_that_does_not_parse_is_found(self):
        self.put("tools/a.py", "def f(:\n")
        self.put("tools/b", "#!/usr/bin/env bash\nif true; then\n")
        self.put("tools/c", "#!/usr/bin/env python3\nprint(1)\n")
        found = {problem.path for problem in scripts.check(self.root)}
        self.assertEqual(found, {"tools/a.py", "tools/b"})


class Headers(Tree):
    def test_a_header_that_is_not_compiled_is_found(self):
        self.put("src/net/a.hpp", "")
        self.assertEqual(headers.headers(self.root), ["net/a.hpp"])
        self.assertEqual(headers.check(self.root, ["net/a.hpp"]), 0)
        self.assertEqual(headers.check(self.root, []), 1)
        self.assertEqual(headers.check(self.root, ["net/a.hpp", "net/gone.hpp"]), 1)


class Format(Tree):
    def test_a_badly_laid_out_file_is_found(self):
        program = formatting.formatter()
        if program is None:
            self.skipTest("no clang-format")
        self.put(".clang-format", "BasedOnStyle: Google\n")
        self.put("src/a.cpp", "int  a ;\n")
        self.assertNotEqual(formatting.check(self.root, program, write=False), 0)
        self.assertEqual(formatting.check(self.root, program, write=True), 0)
        self.assertEqual((self.root / "src/a.cpp").read_text(), "int a;\n")


class Sources(unittest.TestCase):
    def test_bare_code_keeps_its_lines(self):
        text = 'a /* b\n c */ "d//e" \'"\' R"x(f\n)x" // g\nh'
        self.assertEqual(sources.bare(text).count("\n"), text.count("\n"))
        self.assertEqual(sources.bare(text).split()[0::100], ["a"])
        self.assertNotIn("d", sources.bare(text))
        self.assertTrue(sources.bare(text).endswith("h"))


if __name__ == "__main__":
    unittest.main()
