# SPDX-License-Identifier: Apache-2.0
"""The parts of libwal.aio: what is public of them, libwal.aio has."""
