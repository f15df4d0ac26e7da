# SPDX-License-Identifier: Apache-2.0
"""python -m libwal: see libwal.cli."""

from libwal.cli.main import main

if __name__ == "__main__":
    main()
