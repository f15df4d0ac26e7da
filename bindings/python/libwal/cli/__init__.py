# SPDX-License-Identifier: Apache-2.0
"""python -m libwal info|cat|verify: walctl's commands that scripts need, where the tool itself
isn't installed. Options, output, messages (they are walctl's to the byte, its name included) and
exit codes are the same; what walctl's help says of them holds. Nothing is locked or changed."""
