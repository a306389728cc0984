#!/usr/bin/env python3
"""Proves that the house is built as docs/architecture.md says.

The rooms table there is read by this script: column one names a folder, the last column the rooms it may
include ("what they may include" adds their rows, and so on down). Then, for every source:
  * a quoted include names a file of an allowed room, and the CMake target links no other room;
  * no standard or system header that its place forbids (threads and files belong to src/platform/);
  * nothing in src/ prints, exits, throws or reads the environment; nothing names a person's machine;
  * a header starts with a comment and #pragma once; no file passes 800 lines (500: a warning).
--self-test runs the same rules over small trees that break them, one each, and fails if one passes.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARCHITECTURE = "docs/architecture.md"
CODE = ("src/", "include/", "apps/", "tests/", "bench/", "tools/")
TEST = re.compile(r"(_(test|bench|fuzz)\.cc|/(test|bench)\.cc|_test_\w+\.(h|cc)|_testing\.(h|cc)|/cases\.h)$|/testing/|^tests/|^bench/")
ONLY_PLATFORM = set("""thread mutex shared_mutex condition_variable future semaphore latch barrier stop_token
    filesystem fstream""".split())
NOWHERE = set("format print mdspan generator stacktrace spanstream".split())  # not in GCC 12's library
NOT_IN_SRC = set("iostream regex cstdio.h stdio.h".split())
SYSTEM = re.compile(r"^(unistd|fcntl|pthread|dlfcn|dirent|sched|signal|termios|windows|sys/.*|mach/.*)(\.h)?$")
HEAVY = re.compile(r"^(simdjson\.h|nlohmann/.*|iostream|regex|CLI/.*|boost/.*)$")
CALLS = re.compile(r"(?:\b(?:getenv|secure_getenv|setenv|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror|"
                   r"exit|_exit|quick_exit|abort)\s*\(|\bstd::(?:cout|cerr|clog)\b|\bthrow\b)")
DISPATCH = re.compile(r"\bHWY_(?:EXPORT|DYNAMIC_DISPATCH)\b")
MACHINE = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+)/")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
MAX_LINES, LONG_LINES = 800, 500


def read_rooms(text):
    """Room -> (folder, rooms it may include), from the table of the architecture page."""
    rooms = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        place = re.match(r"`((?:src|apps|include)/[\w/]+?)/?`", cells[0])
        if not line.startswith("|") or not place or len(cells) < 3:
            continue
        folder = place.group(1)
        names = set(re.findall(r"`([\w/.]+)`", cells[-1]))
        rooms[room_name(folder)] = (folder, names, "may include" in cells[-1])
    allowed = {}

    def reach(name, trail=()):
        if name in trail:
            raise SystemExit(f"{ARCHITECTURE}: the rooms {' -> '.join(trail + (name,))} include each other")
        if name not in allowed:
            _, names, down = rooms[name]
            below = set(names)
            for other in names:
                if other in rooms:
                    under = reach(other, trail + (name,))
                    below |= under if down else set()
            allowed[name] = below
        return allowed[name]

    for name, (_, names, _) in rooms.items():
        for other in names:
            if other not in rooms and not other.startswith("gerbil/"):
                raise SystemExit(f"{ARCHITECTURE}: {name} may include {other}, which is no room")
        reach(name)
    return {name: (folder, allowed[name]) for name, (folder, _, _) in rooms.items()}


def room_name(folder):
    return folder.removeprefix("src/").removeprefix("apps/").removeprefix("include/")


def room_of(path, rooms):
    return next((name for name, (folder, _) in rooms.items() if path.startswith(folder + "/")), None)


def strip(text):
    """Source without comments and the contents of string and character literals; lines stay."""
    keep_lines = lambda match: "\n" * match.group(0).count("\n")
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'', re.S)
    return token.sub(lambda m: '""' + keep_lines(m) if m.group(0)[0] in "\"R" else keep_lines(m), text)


def check_include(path, room, target, rooms, files):
    folder, allowed = rooms[room] if room else (None, None)
    if target.startswith("gerbil/"):
        if room is None or room in ("gerbil", "api") or "gerbil" in allowed or target in allowed:
            return None
        return f"{room} may not include the public header {target}"
    for prefix in ("src/", "apps/"):
        if prefix + target in files:
            other = room_of(prefix + target, rooms)
            if room is None or other == room or other in allowed:
                return None
            return f"{room} may not include {other} ({target}): its row allows {', '.join(sorted(allowed)) or 'std only'}"
    beside = f"{path.rsplit('/', 1)[0]}/{target}"
    if room is None and (beside in files or "tests/" + target in files):
        return None
    return f'"{target}" is no file of this project, written from its room ("text/tokenizer.h")'


def check_header(path, room, name, test):
    if name in NOWHERE:
        return f"<{name}> is not in GCC 12's library"
    if path.startswith("include/") and not re.fullmatch(r"[a-z_]+|std(int|def|bool)\.h", name):
        return f"<{name}>: public headers use the standard library only"
    if path.endswith(".h") and not test and HEAVY.match(name):
        return f"<{name}> is too heavy for a header"
    if not path.startswith("src/") or test:
        return None
    if name in NOT_IN_SRC:
        return f"<{name}>: the library does not print, and matches through text/regex.h"
    if room != "platform" and (name in ONLY_PLATFORM or SYSTEM.match(name)):
        return f"<{name}> belongs to src/platform"
    return None


def check_file(path, text, rooms, files):
    """Yields (line, message) for what breaks a rule."""
    lines = text.splitlines()
    room, test = room_of(path, rooms), bool(TEST.search(path))
    source = path.endswith((".cc", ".h"))
    if path.startswith(("src/", "apps/", "include/")) and source and room is None:
        yield 1, f"its folder has no row in {ARCHITECTURE}"
    if len(lines) > MAX_LINES and not path.endswith(".inc") and not re.search(r"[Gg]enerated by", text[:1000]):
        yield 1, f"{len(lines)} lines, {MAX_LINES} at most"
    for number, line in enumerate(lines, 1):
        if MACHINE.search(line):
            yield number, "names a folder of somebody's machine"
        if UNFINISHED.search(line):
            yield number, "leaves work for later in the code"
    if not source:
        return
    if path.endswith(".h") and not test and (not lines or not lines[0].startswith(("//", "/*"))):
        yield 1, "a header opens with a paragraph: what it is, who owns what, which threads may call it"
    if path.endswith(".h") and "#pragma once" not in text and path != "include/gerbil/gerbil_c.h" \
            and "HWY_TARGET_TOGGLE" not in text:
        yield 1, "no #pragma once"
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if include and include.group(1):
            problem = check_include(path, room, include.group(1), rooms, files)
        elif include:
            problem = check_header(path, room, include.group(2), test)
        else:
            continue
        if problem:
            yield number, problem
    if path.startswith("src/") and not test and path != "src/base/check.cc":
        for number, line in enumerate(strip(text).splitlines(), 1):
            if not re.match(r"\s*#", line) and (found := CALLS.search(line)):
                yield number, f"{found.group(0).strip(' (')}: the library does not print, exit, throw or read the environment"
            if found := DISPATCH.search(line):
                yield number, f"{found.group(0)} chooses for the whole process: GERBIL_EXPORT of kernels/dispatch.h does not"


def check_links(path, text, rooms):
    """A room's CMake target links only what its row allows."""
    call = re.search(r"gerbil_room\(\s*(\w+)([^)]*)\)", re.sub(r"#.*", "", text))
    if not call or call.group(1) not in rooms:
        return
    linked = re.search(r"\bROOMS\b([\w\s]*?)(?=\bLIBRARIES\b|$)", call.group(2))
    for other in linked.group(1).split() if linked else []:
        if other not in rooms[call.group(1)][1]:
            yield 1, f"{call.group(1)} may not link {other}"


def check_tree(tree):
    """tree: path -> text. Returns (errors, warnings), each a list of lines 'path:line: message'."""
    if ARCHITECTURE not in tree:
        return [f"{ARCHITECTURE}: missing"], []
    rooms, errors, warnings = read_rooms(tree[ARCHITECTURE]), [], []
    if not rooms:
        return [f"{ARCHITECTURE}: no rooms table"], []
    for path, text in sorted(tree.items()):
        found = []
        if path.startswith(CODE) or path.startswith("scripts/"):
            found += check_file(path, text, rooms, tree.keys())
            if (count := text.count("\n")) > LONG_LINES and count <= MAX_LINES and not path.endswith(".inc"):
                warnings.append(f"{path}:1: {count} lines: is this one thing?")
        elif MACHINE.search(text):
            found.append((text[:MACHINE.search(text).start()].count("\n") + 1, "names a folder of somebody's machine"))
        if path.startswith("src/") and path.endswith("/CMakeLists.txt"):
            found += check_links(path, text, rooms)
        errors += [f"{path}:{line}: {message}" for line, message in found]
    return errors, warnings


def read_tree(root):
    kinds = (".cc", ".h", ".inc", ".py", ".wgsl", ".ts", ".cmake", ".txt", ".md", ".sh", "")
    tree = {}
    for top in ("src", "include", "apps", "tests", "bench", "tools", "scripts", "cmake", "docs", ".ci", "README.md",
                "CONTRIBUTING.md", "CHANGELOG.md", "CMakeLists.txt"):
        start = root / top
        for path in [start] if start.is_file() else sorted(start.rglob("*")):
            name = path.relative_to(root).as_posix()
            data = "/data/" in name or "/corpus/" in name or "__pycache__" in name
            if path.is_file() and path.suffix in kinds and not data and name != "scripts/check_layers.py":
                tree[name] = path.read_text(errors="replace")
    return tree


TABLE = """| folder | what | may include |
|---|---|---|
| `include/gerbil/` | public | std only |
| `src/base/` | a | `gerbil/result.h` |
| `src/platform/` | a | `base` |
| `src/text/` | b | `base` |
| `src/graph/` | c | `base` |
| `src/kernels/` | c | `graph` `base` |
| `src/model/` | d | `graph` `text` `base` |
| `src/runtime/` | d | `model` `kernels` and what they may include |
| `src/api/` | e | `gerbil` `runtime` and what it may include |
| `apps/server/` | f | `gerbil` |
| `apps/cli/` | f | `gerbil` `server` |
"""


def self_test():
    good = {
        ARCHITECTURE: TABLE,
        "include/gerbil/result.h": "// Result.\n#pragma once\n#include <string>\n",
        "include/gerbil/gerbil.h": '// API.\n#pragma once\n#include "gerbil/result.h"\n',
        "src/base/a.h": '// A.\n#pragma once\n#include "gerbil/result.h"\n#include <fmt/format.h>\n',
        "src/base/CMakeLists.txt": "gerbil_room(base LIBRARIES fmt::fmt)\n",
        "src/platform/file.cc": "#include <mutex>\n#include <fcntl.h>\n",
        "src/text/t.h": '// T.\n#pragma once\n#include "base/a.h"\n',
        "src/text/t_test.cc": '#include "text/t.h"\n#include <fstream>\nint main() { printf("x"); }\n',
        "src/graph/g.h": '// G.\n#pragma once\n',
        "src/kernels/k.cc": '#include "graph/g.h"\n// printf( in a comment\nconst char* kName = "exit(1) throw";\n',
        "src/model/CMakeLists.txt": "gerbil_room(model ROOMS graph text base LIBRARIES fmt::fmt)\n",
        "src/runtime/r.h": '// R.\n#pragma once\n#include "base/a.h"\n#include "text/t.h"\n',
        "src/api/e.cc": '#include "gerbil/gerbil.h"\n#include "runtime/r.h"\n#include "base/a.h"\n',
        "apps/server/s.h": '// S.\n#pragma once\n#include "gerbil/gerbil.h"\n',
        "apps/cli/main.cc": '#include "server/s.h"\n#include <cstdio>\nint main() { printf("x"); exit(0); }\n',
    }
    bad = {
        "base reaches up": {"src/base/b.cc": '#include "text/t.h"\n'},
        "kernels see a family": {"src/model/m.h": "// M.\n#pragma once\n", "src/kernels/x.cc": '#include "model/m.h"\n'},
        "graph sees text": {"src/graph/x.cc": '#include "text/t.h"\n'},
        "a test reaches up": {"src/text/x_test.cc": '#include "runtime/r.h"\n'},
        "a room uses the public API": {"src/runtime/x.cc": '#include "gerbil/gerbil.h"\n'},
        "a room other than base uses result.h": {"src/text/x.cc": '#include "gerbil/result.h"\n'},
        "an app opens a room": {"apps/cli/x.cc": '#include "runtime/r.h"\n'},
        "the server opens the CLI": {"apps/cli/x.h": "// X.\n#pragma once\n", "apps/server/x.cc": '#include "cli/x.h"\n'},
        "a public header uses fmt": {"include/gerbil/x.h": "// X.\n#pragma once\n#include <fmt/format.h>\n"},
        "a public header opens a room": {"include/gerbil/x.h": '// X.\n#pragma once\n#include "base/a.h"\n'},
        "a folder without a row": {"src/magic/x.cc": "int x;\n"},
        "an unknown include": {"src/text/x.cc": '#include "t.h"\n'},
        "a thread outside platform": {"src/text/x.cc": "#include <thread>\n"},
        "a file outside platform": {"src/graph/x.h": "// X.\n#pragma once\n#include <filesystem>\n"},
        "a system header outside platform": {"src/text/x.cc": "#include <sys/mman.h>\n"},
        "a header GCC 12 lacks": {"src/text/x.cc": "#include <format>\n"},
        "a heavy header": {"src/text/x.h": "// X.\n#pragma once\n#include <simdjson.h>\n"},
        "iostream": {"src/text/x.cc": "#include <iostream>\n"},
        "printing": {"src/text/x.cc": 'void f() { std::printf("x"); }\n'},
        "cout": {"src/text/x.cc": "void f() { std::cout << 1; }\n"},
        "exit": {"src/text/x.cc": "void f() { exit(1); }\n"},
        "the environment": {"src/text/x.cc": 'auto f() { return std::getenv("HOME"); }\n'},
        "a choice for the whole process": {"src/kernels/x.cc": "HWY_EXPORT(run);\n"},
        "throwing": {"src/text/x.cc": "void f() { throw 1; }\n"},
        "a machine's path in code": {"src/text/x.cc": '// see /home/me/notes\n'},
        "a machine's path in docs": {"docs/x.md": "cd /root/main\n"},
        "unfinished work": {"src/text/x.cc": "// TODO: all of it\n"},
        "too long": {"src/text/x.cc": "int x;\n" * 801},
        "no opening paragraph": {"src/text/x.h": "#pragma once\n"},
        "no pragma once": {"src/text/x.h": "// X.\n"},
        "a target links a room above": {"src/text/CMakeLists.txt": "gerbil_room(text ROOMS base model LIBRARIES x)\n"},
        "no table": {ARCHITECTURE: "nothing\n"},
    }
    failures = [f"the good tree: {error}" for error in check_tree(good)[0]]
    failures += [f"not noticed: {name}" for name, files in bad.items() if not check_tree({**good, **files})[0]]
    try:
        read_rooms(TABLE.replace("| `src/base/` | a | `gerbil/result.h` |", "| `src/base/` | a | `api` |"))
        failures.append("not noticed: rooms that include each other")
    except SystemExit:
        pass
    for failure in failures:
        print(f"check_layers: self-test: {failure}")
    print(f"check_layers: self-test: {len(bad) + 2 - len(failures)} of {len(bad) + 2} as they should be")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if arguments:
        print("usage: scripts/check_layers.py [--self-test]", file=sys.stderr)
        return 2
    tree = read_tree(ROOT)
    errors, warnings = check_tree(tree)
    for line in warnings:
        print(f"{line} (warning)")
    for line in errors:
        print(line)
    print(f"check_layers: {len(tree)} files, {len(errors)} errors, {len(warnings)} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
