"""Prints rows of the grammar table: rows.py FOLDER TABLE STATEMENTS

FOLDER holds one program per release as build.sh makes them, TABLE is the grammar table whose
releases are asked, and STATEMENTS is a file with one statement a line.
"""

import os
import subprocess
import sys

folder, table, statements = sys.argv[1:]
with open(table) as file:
    releases = file.readline().rstrip("\n").split("\t")[1:]
with open(statements) as file:
    lines = [line for line in file.read().split("\n") if line]
answers = []
for release in releases:
    program = os.path.join(folder, "v" + release)
    run = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True)
    words = [line[:4].strip() for line in run.stdout.split("\n") if line[:4] in ("ok  ", "1064")]
    if len(words) != len(lines):
        sys.exit(f"{program} answered {len(words)} of {len(lines)} statements")
    answers.append(["yes" if word == "ok" else "no" for word in words])
for number, line in enumerate(lines):
    print("\t".join([line] + [answer[number] for answer in answers]))
