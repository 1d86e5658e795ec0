"""Checks which libraries a program links: `links.py PROGRAM [NAME...]`, lib<NAME>.so that it must.

Beside those it may link only what any C++ program does.
"""

import re
import subprocess
import sys

USUAL = {"c", "m", "gcc_s", "stdc++", "c++", "c++abi", "unwind"}

program, *named = sys.argv[1:]
dynamic = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True)
linked = set(re.findall(r"\(NEEDED\).*\[lib([^\]]+?)\.so[.\d]*\]", dynamic.stdout))
assert "c" in linked, f"readelf names no libraries: {dynamic.stdout}"
assert linked - USUAL == set(named), f"{program} links {sorted(linked)}"
