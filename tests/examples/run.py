"""Runs a program with a fresh directory as its only argument: run.py PROGRAM"""

import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as directory:
    sys.exit(subprocess.run([sys.argv[1], directory], check=False).returncode)
