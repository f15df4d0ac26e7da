# SPDX-License-Identifier: Apache-2.0
"""python -m libwal: the output that is written here, and byte for byte that of walctl, where that
is found (WALCTL, or in a build directory)."""

import locale
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import libwal
from libwal.cli.main import main

FINE, FAILED, USAGE, CORRUPT, TORN = range(5)
LIBWAL = [sys.executable, "-S", "-m", "libwal"]  # without site: it starts sooner
PACKAGES = str(Path(libwal.__file__).parent.parent)


UNUSUAL = ("NO_COLOR", "COLUMNS", "LC_ALL")


def walctl():
    """Its path, or None."""
    root = Path(__file__).resolve().parents[2]
    named = os.environ.get("WALCTL", root / "build-dev" / "walctl")
    return os.path.abspath(named) if os.access(named, os.X_OK) else None


def environment(**more):
    usual = {k: v for k, v in os.environ.items() if k not in UNUSUAL}
    return {**usual, "TERM": "xterm", "PYTHONPATH": PACKAGES, **more}


def run_walctl(folder, *words, **env):
    done = subprocess.run([walctl(), *words], cwd=folder, capture_output=True, timeout=60,
                          env=environment(**env), check=False)
    return done.stdout, done.stderr, done.returncode


@pytest.fixture
def run(tmp_path, monkeypatch, capfdbinary):
    """Runs the command in the test's folder, in this process: that is quicker. What it prints, on
    stdout and stderr, and its exit code."""

    def runs(*words, **env):
        with monkeypatch.context() as patched:
            patched.chdir(tmp_path)
            for name in UNUSUAL:
                patched.delenv(name, raising=False)
            for name, value in environment(**env).items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["libwal", *words])
            with pytest.raises(SystemExit) as end:
                main()
        out, err = capfdbinary.readouterr()
        return out, err, end.value.code

    usual = locale.setlocale(locale.LC_CTYPE)
    yield runs
    locale.setlocale(locale.LC_CTYPE, usual)


@pytest.fixture
def check(tmp_path, run):
    """Runs it. out, err: what it must print; None: what walctl prints, anything without it."""

    def checks(*words, out=None, err=b"", code=FINE, **env):
        ours = run(*words, **env)
        assert ours[2] == code, ours
        assert out is None or ours[0] == out
        assert err is None or ours[1] == err
        if walctl():
            assert ours == run_walctl(tmp_path, *words, **env)
        return ours

    return checks


@pytest.fixture
def log(tmp_path):
    """a.wal with one record of each kind."""
    with libwal.open(tmp_path / "a.wal", label="it\\s", first_lsn=10) as log:
        log.append(b"plain")
        log.append("Grüße\t\\ \n\x1b[31m \u202e\U0001f600\"".encode(), type=7)
        log.append(b"\xff\xfe\xed\xa0\x80\xe2\x82A\x00", type=65535)
        with log.batch() as batch:
            batch.set_tag(b"tag \xff")
            batch.append(b"", type=1)
            batch.append(bytes(range(0x20, 0x35)), type=1)
        log.meta["key"] = b"value"
        log.checkpoint(11, b"state")
    return tmp_path / "a.wal"


TEXT = (b"10\t0\tplain\n"
        b"11\t7\tGr\xc3\xbc\xc3\x9fe\\t\\\\ \\n\\x1b[31m \\xe2\\x80\\xae\xf0\x9f\x98\x80\"\n"
        b"12\t65535\t\\xff\\xfe\\xed\\xa0\\x80\\xe2\\x82A\\x00\n"
        b"13\t1\t\n"
        b"14\t1\t !\"#$%&'()*+,-./01234\n")
LINES = TEXT.splitlines(keepends=True)


def test_text(check, log):
    check("cat", "a.wal", out=TEXT)
    check("dump", "a.wal", out=TEXT)


@pytest.mark.parametrize("words, lines", [
    (["--from", "12"], [2, 3, 4]),
    (["--to=11"], [0, 1]),
    (["--from", "11", "--to", "13", "-n", "2"], [1, 2]),
    (["--reverse"], [4, 3, 2, 1, 0]),
    (["--rev", "--from=11", "--to", "12"], [2, 1]),
    (["--reverse", "-n1"], [4]),
    (["-n", "0"], []),
    (["--type", "1", "--type", "7"], [1, 3, 4]),
    (["--type", "1", "-n", "1"], [3]),
    (["--written"], [0, 1, 2, 3, 4]),
    (["--written", "--reverse", "--to", "11"], [1, 0]),
    (["--from", "15"], []),
    (["--written", "--from", "15"], []),
])  # fmt: skip
def test_selection(check, log, words, lines):
    check("cat", *words, "a.wal", out=b"".join(LINES[k] for k in lines))


def test_json(check, log):
    out, _, _ = check("cat", "-o", "json", "a.wal")
    assert out.splitlines()[0] == (b'{"lsn":10,"type":0,"size":5,"durable":true,"batch_last":true,'
                                   b'"data":"cGxhaW4=","text":"plain"}')
    assert out.splitlines()[1].endswith(
        b'"text":"Gr\xc3\xbc\xc3\x9fe\\t\\\\ \\n\\u001b[31m \\u202e\xf0\x9f\x98\x80\\""}')
    assert out.splitlines()[2].endswith(b'"data":"//7toIDigkEA"}')
    assert b'"batch_last":false,"tag":"dGFnIP8=","data":""' in out.splitlines()[3]


def test_raw(check, log):
    with libwal.open(log, "r") as opened:
        datas = list(opened.read(form="bytes"))
    check("cat", "-o", "raw", "a.wal", out=b"".join(datas))
    check("cat", "-oraw", "--lines", "a.wal", out=b"".join(data + b"\n" for data in datas))
    check("cat", "-oraw0", "a.wal", err=None, code=USAGE)
    check("cat", "-0", "-oraw", "a.wal", out=b"".join(data + b"\0" for data in datas))
    check("cat", "--length", "-oraw", "-n1", "a.wal", out=b"\5\0\0\0plain")


def test_hex(check, log):
    out, _, _ = check("cat", "-o", "hex", "--from", "13", "a.wal")
    assert out == (
        b"LSN 13, type 1, 0 bytes\n"
        b"LSN 14, type 1, 21 bytes\n"
        b"00000000  20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f  | !\"#$%&'()*+,-./|\n"
        b"00000010  30 31 32 33 34                                    |01234|\n")


def test_decoder(check, log):
    check("cat", "--decoder", "echo $WALCTL_LSN; cat", "-n", "1", "a.wal",
          out=b"10\t0\t10\n\t\tplain\n")
    check("cat", "--decoder", "tr a b", "-o", "json", "-n", "1", "a.wal")
    check("cat", "--decoder", "kill -9 $$", "-n", "1", "a.wal", out=LINES[0], code=FAILED,
          err=b"walctl: LSN 10: the decoder was ended by signal 9\n")
    check("cat", "--decoder", "exit 3", "-n", "1", "-o", "raw", "a.wal", out=b"plain",
          code=FAILED, err=b"walctl: LSN 10: the decoder ended with status 3\n")
    check("cat", "--decoder", "true", "-o", "hex", "-n", "1", "a.wal",
          out=b"LSN 10, type 0, 0 bytes\n")


RAFT = [
    (b"\x01\x05\xac\x02\x80\xd0\x97\xe7\xed\x01\x05\x03extdata", b"term 300 configuration data"),
    (b"\x01\x01\x07\x00\x00\x00", b"term 7 noop"),
    (b"\x01\x00" + b"\xff" * 9 + b"\x01\x00\x00\x00put a b",
     b"term 18446744073709551615 command put a b"),
    (b"\x01\x06\x02\x00\x00\x00", b"term 2 type-6"),
]
NO_RAFT = [b"", b"\x01", b"\x02\x00\x01\x00\x00\x00", b"\x01\x00\x01\x00\x00\x01",
           b"\x01\x00\x01\x00\x80\x94\xeb\xdc\x03\x00", b"\x01\x00\x80",
           b"\x01\x00" + b"\xff" * 9 + b"\x02\x00\x00\x00",
           b"\x01\x00" + b"\x80" * 10 + b"\x00\x00\x00\x00"]


def test_decoder_of_raft_logs(check, tmp_path):
    with libwal.open(tmp_path / "raft.wal") as raft:
        raft.append_many([data for data, _ in RAFT] + NO_RAFT)
    bad = range(len(RAFT) + 1, len(RAFT) + len(NO_RAFT) + 1)
    shown = [line for _, line in RAFT]
    check("cat", "--decoder", "raft", "-n", str(len(RAFT)), "raft.wal",
          out=b"".join(b"%d\t0\t%s\n" % (n, line) for n, line in enumerate(shown, 1)))
    check("cat", "--decoder", "raft", "--from", str(bad[0]), "-o", "raw", "--lines", "raft.wal",
          out=b"".join(data + b"\n" for data in NO_RAFT), code=FAILED,
          err=b"".join(b"walctl: LSN %d: it is no entry of a Raft log\n" % n for n in bad))


def test_color(check, log):
    check("cat", "--color", "always", "-n", "1", "a.wal",
          out=b"\033[33m10\033[0m\t\033[36m0\033[0m\tplain\n")
    check("cat", "--color", "always", "-o", "hex", "-n", "1", "a.wal")
    check("info", "--color=always", "a.wal")
    check("verify", "--color=always", "--map", "a.wal", COLUMNS="40", LC_ALL="C.UTF-8")


def test_info(check, log):
    with libwal.open(log, "r") as opened:
        uuid, bytes_on_disk = opened.info().uuid.encode(), opened.disk_bytes
    check("info", "a.wal", out=(
        b"log          a.wal\n"
        b"label        it\\\\s\n"
        b"uuid         %s\n"
        b"format       1.0\n"
        b"records      5, LSN 10 to 14\n"
        b"next LSN     15\n"
        b"durable LSN  14\n"
        b"checkpoint   11\n"
        b"segments     1\n"
        b"on disk      %d bytes\n"
        b"end          clean\n"
        b"writer       none\n"
        b"metadata     1 keys\n"
        b"stray files  0\n"
        b"compression  none\n"
        b"encryption   none\n") % (uuid, bytes_on_disk))
    out, _, _ = check("info", "--output=json", "a.wal")
    assert out.startswith(b'{"log":"a.wal","label":"it\\\\s","uuid":"%s","format_major":1' % uuid)
    assert out.endswith(b',"compression":"none","cipher":0,"key_id":0}\n')


def test_empty_and_in_use(check, tmp_path):
    with libwal.open(tmp_path / "a.wal", codec="zlib") as log:
        check("cat", "a.wal", out=b"")
        check("verify", "a.wal", out=b"clean: 0 records, 0 bytes of payload in 1 segment\n")
        log.append(b"x")
        assert b"writer       process %d\n" % os.getpid() in check("info", "a.wal")[0]
        assert b'"in_use":true' in check("info", "-o", "json", "a.wal")[0]


def cut_short(path, size):
    """b.wal as a crash leaves it: of its last write only so many bytes are there."""
    with libwal.open(path, zero_ahead_bytes=0) as log:
        log.append_many([b"x" * 100] * 3)
        shutil.copytree(path, path.with_name("b.wal"))
        end = log.segments()[0].bytes
        log.append(b"y" * 1000)
        segment = next(path.glob("*.wal"))
        part = segment.read_bytes()[end : end + size]
    with open(path.with_name("b.wal") / segment.name, "r+b") as stream:
        stream.seek(end)
        stream.write(part)
    return end


@pytest.mark.parametrize("size, verdict, bytes_", [(20, b"torn", 64), (500, b"ambiguous", 512)])
def test_torn(check, tmp_path, size, verdict, bytes_):
    end = cut_short(tmp_path / "a.wal", size)
    check("verify", "b.wal", code=TORN, out=(
        b"%s: 3 records, LSN 1 to 3, 300 bytes of payload in 1 segment\n"
        b"given up: %d bytes from offset %d of segment 1\n") % (verdict, bytes_, end))
    assert b'"verdict":"%s"' % verdict in check("verify", "-o", "json", "b.wal", code=TORN)[0]
    assert b"end          %s, %d bytes" % (verdict, bytes_) in check("info", "b.wal")[0]
    for command in ("info", "cat", "verify"):
        out, err, _ = check(command, "-O", "strict=1", "b.wal", code=TORN, err=None)
        assert out == b"" and err.startswith(b"walctl: ")


@pytest.fixture
def damaged(log):
    """a.wal with one wrong bit in record 14, in the first of its two segments."""
    with libwal.open(log) as more:
        more.rotate()
        more.append(b"another segment")
    segment = min(log.glob("*.wal"))
    bytes_ = bytearray(segment.read_bytes())
    bytes_[bytes_.index(b"01234")] ^= 1
    segment.write_bytes(bytes_)
    return log


def test_damaged(check, damaged):
    segment = min(damaged.glob("*.wal"))
    place = f"walctl: a.wal/{segment.name} at offset ".encode()
    out, err, _ = check("verify", "a.wal", code=CORRUPT, err=None)
    assert out == (b"damaged: 5 records, LSN 10 to 15, 54 bytes of payload in 2 segments\n"
                   b"gaps: 1 range of LSNs can't be read\n")
    assert err.startswith(place)
    for words in (["-o", "json"], ["--map", "-o", "json"], ["--map"]):
        check("verify", *words, "a.wal", code=CORRUPT, err=None)
    out, err, _ = check("cat", "a.wal", code=CORRUPT, err=None)
    assert out == b"".join(LINES[:3]) and err.startswith(place)
    check("cat", "--to", "12", "a.wal", out=b"".join(LINES[:3]))
    check("cat", "--from", "15", "a.wal", out=b"15\t0\tanother segment\n")


def test_map(check, tmp_path):
    with libwal.open(tmp_path / "a.wal", segment_records=2) as log:
        for n in range(9):
            log.append(b"x" * 200 * n)
        log.checkpoint(5)
        log.truncate_before(3)
    for columns in ("20", "57", "none", "1000"):
        for language in ("C", "C.UTF-8"):
            out, _, _ = check("verify", "--map", "a.wal", COLUMNS=columns, LC_ALL=language)
            assert b"newest checkpoint, LSN 5\n" in out
    with libwal.open(tmp_path / "b.wal", segment_records=1) as log:
        for _ in range(50):
            log.append(b"x")
    check("verify", "--map", "b.wal", COLUMNS="20")


@pytest.mark.parametrize("words, complaint", [
    (["cat"], "an operand is missing: walctl cat LOG"),
    (["cat", "a", "b"], "one operand too many: 'b'"),
    (["info", ""], "an operand is empty: walctl info LOG"),
    (["cat", "--", "a", "-n"], "one operand too many: '-n'"),
    (["cat", "a", "--nope=1"], "unrecognized option '--nope=1'"),
    (["cat", "a", "-x"], "invalid option -- 'x'"),
    (["cat", "a", "-n"], "option requires an argument -- 'n'"),
    (["cat", "a", "--from"], "option '--from' requires an argument"),
    (["cat", "a", "--lines=1"], "option '--lines' doesn't allow an argument"),
    (["cat", "a", "--co=1"], "option '--co=1' is ambiguous; possibilities: '--count' '--color'"),
    (["cat", "a", "--from", "0"], "--from: '0' is no LSN (1 to 18446744073709551614)"),
    (["cat", "a", "-n", "-1"], "--count: '-1' is no number (0 to 18446744073709551615)"),
    (["cat", "a", "-n", "9" * 5000], None),
    (["cat", "a", "--type", "65536"], "--type: '65536' is no record type (0 to 65535)"),
    (["cat", "a", "-o", "xml"], "--output: 'xml' is not text|json|raw|hex"),
    (["info", "a", "-o", "hex"], "--output: 'hex' is not text|json"),
    (["cat", "a", "--lines"], "--lines, --null and --length-prefixed go with --output raw only"),
    (["cat", "a", "--from", "2", "--to", "1"], "--from 2 is above --to 1"),
    (["cat", "a", "-O", "x"], "-O: 'x' is not of the form NAME=VALUE"),
    (["cat", "a", "-O", "x=1"], "no option has the name 'x'"),
    (["cat", "a", "-O", "sync=9"], "option sync: 9 is not none, interval, data, full or dsync"),
    (["cat", "a", "-O", "create=2"], "option create: 2 is not 0 or 1"),
    (["cat", "a", "-O", "read_threads=x"], None),
    (["cat", "a", "--key-id", "3"], None),
    (["cat", "a", "--color", "red"], "--color: 'red' is not auto|always|never"),
])  # fmt: skip
def test_usage(check, words, complaint):
    expected = complaint and f"walctl: {complaint}\nTry 'walctl {words[0]} --help'.\n".encode()
    check(*words, out=b"", err=expected, code=USAGE)


def test_the_command_itself(check, run):
    hint = b"Try 'walctl --help'.\n"
    check(err=b"walctl: a command is missing\n" + hint, code=USAGE)
    check("nope", err=b"walctl: there is no command 'nope'\n" + hint, code=USAGE)
    check("--version", out=b"walctl (libwal) " + libwal.__version__.encode() + b"\n")
    for command in ("info", "cat", "verify"):
        out, _, _ = check(command, "-h")
        assert out.startswith(b"Usage: walctl " + command.encode())
    out, _, code = run("--help")
    assert code == FINE and all(name in out for name in (b"info", b"cat", b"verify", b"walctl"))


def test_failures(check, tmp_path, log):
    for command in ("info", "cat", "verify"):
        _, err, _ = check(command, "nope.wal", err=None, code=FAILED)
        assert err.startswith(b"walctl: nope.wal")
    check("cat", "--from", "9", "a.wal", err=b"walctl: --from 9: the log has LSN 10 to 14\n",
          code=FAILED)
    check("cat", "--key", "nope", "a.wal", code=FAILED,
          err=b"walctl: nope can't be read: No such file or directory\n")
    check("cat", "-O", "exclusive=1", "a.wal", code=FAILED, err=None)
    check("cat", "-O", "sync=3", "-O", "read_only=0", "-n", "1", "a.wal", out=LINES[0])


def test_encrypted(check, tmp_path):
    keys = [bytes([n] * 32) for n in range(3)]
    for n, key in enumerate(keys):
        (tmp_path / f"key{n}").write_bytes(key)
    try:
        with libwal.open(tmp_path / "a.wal", key=keys[0], key_id=1) as log:
            log.append(b"one")
    except libwal.UnsupportedError:
        return  # built without it: there is nothing to compare
    old = {1: keys[0]}
    with libwal.open(tmp_path / "a.wal", key=keys[1], key_id=2, keys=old) as log:
        log.append(b"two")
    words = ["--key", "key0", "--key-id", "1", "--key", "key1", "--key-id", "2", "a.wal"]
    check("cat", *words, out=b"1\t0\tone\n2\t0\ttwo\n")
    assert b"encryption   aes-256-gcm, key 2\n" in check("info", *words)[0]
    assert b'"cipher":1,"key_id":2}' in check("info", "-o", "json", *words)[0]
    check("verify", *words, out=b"clean: 2 records, LSN 1 to 2, 6 bytes of payload in 1 segment\n")
    check("cat", "a.wal", code=FAILED, err=None)
    check("cat", "--key", "key2", "--key-id", "2", "a.wal", code=FAILED, err=None)


@pytest.mark.parametrize("words", [["cat", "a.wal"], ["cat", "-o", "json", "a.wal"]])
def test_a_broken_pipe_is_quiet(tmp_path, words):
    with libwal.open(tmp_path / "a.wal") as log:
        log.append_many([b"x" * 1000] * 1000)
    process = subprocess.Popen([*LIBWAL, *words], cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment())
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == -signal.SIGPIPE


def test_a_full_disk(tmp_path, log):
    for words in (["cat", "a.wal"], ["info", "a.wal"], ["verify", "a.wal"], ["--help"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([*LIBWAL, *words], cwd=tmp_path, stdout=full, timeout=60,
                                  stderr=subprocess.PIPE, env=environment(), check=False)
        assert done.stderr == b"walctl: write error: No space left on device\n"
        assert done.returncode == FAILED


def test_closed_descriptors(tmp_path, log):
    script = '"$@" >&-; echo $? >&2'
    done = subprocess.run(["sh", "-c", script, "sh", *LIBWAL, "cat", "a.wal"], cwd=tmp_path,
                          stderr=subprocess.PIPE, timeout=60, env=environment(), check=False)
    assert done.stderr == b"walctl: write error: Bad file descriptor\n1\n"
    script = '"$@" 2>&-; echo $?'
    done = subprocess.run(["sh", "-c", script, "sh", *LIBWAL, "cat", "nope"], cwd=tmp_path,
                          stdout=subprocess.PIPE, timeout=60, env=environment(), check=False)
    assert done.stdout == b"1\n"


def test_on_a_terminal(tmp_path, log):
    """Colours, the map, and a bar that is taken away again."""
    ours, theirs = pty.openpty()
    done = subprocess.run([*LIBWAL, "verify", "a.wal"], cwd=tmp_path, stdout=theirs, stderr=theirs,
                          timeout=60, env=environment(), check=False)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 4096):
            seen += part
    except OSError:  # EIO: that was all
        pass
    os.close(ours)
    assert done.returncode == FINE
    assert seen.startswith(b"\rverify [" + b"." * 30 + b"]   0%")
    assert b"\r\033[K\033[32mclean\033[0m: 5 records" in seen
    assert b" active" in seen


def test_interrupted(tmp_path, log):
    process = subprocess.Popen([*LIBWAL, "cat", "--decoder", "echo x >&2; exec sleep 60", "a.wal"],
                               cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True, env=environment(),
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert process.stderr.readline() == b"x\n"
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (err, process.returncode) == (b"", -signal.SIGINT)
