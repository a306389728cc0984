#!/usr/bin/env python3
"""check_symbols.py LIBRARY INCLUDE_FOLDER: the shared library exports the public interface, all of it, alone.

A C++ symbol must be a function or a member of a class that gerbil.h marks with GERBIL_API; a C symbol must be a
function of gerbil_c.h; and every C function and C++ class marked there must be among the exported."""
import pathlib
import re
import subprocess
import sys


def main(library, include):
    headers = {path.name: path.read_text() for path in pathlib.Path(include, "gerbil").glob("*.h")}
    cpp = headers["gerbil.h"] + headers["hub.h"]
    classes = set(re.findall(r"\bclass GERBIL_API (\w+)", cpp))
    functions = set(re.findall(r"^GERBIL_API [^;{]*?\b(\w+)\(", cpp, re.M))
    c_functions = set(re.findall(r"\b(gerbil_\w+)\s*\(", " ".join(
        re.findall(r"^GERBIL_API [^;{]*;", headers.get("gerbil_c.h", ""), re.M))))
    listed = subprocess.run(["nm", "-D", "--defined-only", "-C", library], check=True, capture_output=True, text=True)
    seen, wrong = set(), []
    for line in listed.stdout.splitlines():
        symbol = line.split(maxsplit=2)[2]
        member = re.match(r"gerbil::(\w+)(?:\[abi:\w+\])?(::~?\w+(?:\[abi:\w+\])?)?\(", symbol)
        plain = re.match(r"(gerbil_\w+)$", symbol)
        name = plain.group(1) if plain else member.group(1) if member else None
        allowed = c_functions if plain else classes if member and member.group(2) else functions
        (seen.add(name) if name in allowed else wrong.append(symbol))
    missing = (classes | functions | c_functions) - seen
    for symbol in wrong:
        print(f"{library}: exports {symbol}, which no public header marks with GERBIL_API")
    for name in sorted(missing):
        print(f"{library}: does not export {name}, which a public header marks with GERBIL_API")
    if not seen:
        print(f"{library}: exports nothing")
    return 1 if wrong or missing or not seen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
