# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of one job in turn and collects their figures."""

import re
import shutil
import subprocess

TIMEOUT_S = 900
LINE = re.compile(r"(\w+) (-?\d+(?:\.\d+)?) (\S+)")


class Failed(Exception):
    """A program ended with an error, or printed what the contract doesn't know."""


class Unsupported(Exception):
    """A program says that it can't do that."""


def parse(output):
    """{figure: value} of a program's output, as the contract has it."""
    lines = output.splitlines()
    for line in lines:
        if line.startswith("unsupported:"):
            raise Unsupported(line.partition(":")[2].strip())
    if not lines or lines[-1] != "ok":
        raise Failed("the last line isn't ok")
    figures = {}
    for line in lines[:-1]:
        found = LINE.fullmatch(line)
        if not found:
            raise Failed(f"not a figure: {line!r}")
        figures[found[1]] = float(found[2])
    return figures


def command_line(command, op, directory, keys):
    return [*command, op, str(directory), *(f"{key}={value}" for key, value in keys.items())]


def call(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.strip() or f"status {done.returncode}")
    return parse(done.stdout)


class Party:
    """One program in a job, with its own keys and directory."""

    def __init__(self, name, command, job, extra, directory, contract_only):
        self.name, self.command, self.job = name, command, job
        self.directory = directory / re.sub(r"\W+", "-", f"{job.name}-{name}")
        self.narrow = job.common if contract_only else dict
        self.keys = self.narrow({**job.keys, **extra})
        self.problem = None

    def text(self, op, keys):
        short = [self.command[0].rpartition("/")[2], *self.command[1:]]
        return " ".join(command_line(short, op, "DIR", keys))

    def ran(self):
        """What it did, as text: first what it did once, before the rounds."""
        before = [self.text(op, self.narrow(keys)) for op, keys in self.job.before]
        return " && ".join([*before, self.text(self.job.op, self.keys)])

    def attempt(self, op, keys):
        """The figures, or None: from then on the party is out."""
        if self.problem:
            return None
        try:
            return call(command_line(self.command, op, self.directory, keys))
        except Unsupported as e:
            self.problem = f"unsupported: {e}"
        except (Failed, subprocess.TimeoutExpired, OSError) as e:
            self.problem = f"failed: {e}"
        return None

    def prepare(self):
        for op, keys in self.job.before:
            self.attempt(op, self.narrow(keys))

    def clean(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def parties_of(job, commands, directory):
    """Who runs the job. commands: {"ours": ..., "floor": ..., "other": ..., peer: ...}, each a list
    of words; only "ours" is a must."""
    if job.floor:
        for name in commands:
            if name not in ("ours", "other"):
                yield Party(name, commands[name], job, {}, directory, True)
    for name, extra in job.variants.items():
        yield Party(name, commands["ours"], job, extra, directory, False)
        if "other" in commands:
            yield Party(f"{name} of the other build", commands["other"], job, extra, directory,
                        False)


def run_job(job, commands, directory, rounds):
    """({(party, figure): values by round}, the parties)."""
    parties = list(parties_of(job, commands, directory))
    figures = {}
    try:
        for party in parties:
            party.prepare()
        for _ in range(rounds):
            for party in parties:
                for figure, value in (party.attempt(job.op, party.keys) or {}).items():
                    figures.setdefault((party.name, figure), []).append(value)
    finally:
        for party in parties:
            party.clean()
    return figures, parties
