# SPDX-License-Identifier: Apache-2.0
"""Several interpreters in one process. From CPython 3.12 on they have locks of their own, and run
at once; in 3.11 they share one."""

from pathlib import Path

from support import run_child

MODULE = """
    import sys, threading, textwrap
    if sys.version_info >= (3, 13):
        import _interpreters as interpreters
        def create():
            return interpreters.create("isolated")
        def run(interpreter, source):
            failed = interpreters.exec(interpreter, source)
            assert failed is None, failed.formatted
    else:
        import _xxsubinterpreters as interpreters
        def create():
            return interpreters.create(isolated=True)
        def run(interpreter, source):
            interpreters.run_string(interpreter, source)
    errors = []
    def guarded(interpreter, source):
        try:
            run(interpreter, source)
        except BaseException as error:
            errors.append(error)
    WORK = textwrap.dedent('''
        import sys
        sys.path[:] = {path!r}
        import libwal
        with libwal.open({log!r}, sync="none", segment_bytes="64K") as log:
            for number in range(2000):
                log.append(b"%d" % number + bytes(50))
                log.append_many([b"a", b"b"])
            with log.batch() as batch:
                batch.append(b"end")
            log.meta["k"] = b"v"
            try:
                log[10**9]
            except libwal.RangeError as error:
                assert error.name == "WAL_E_RANGE"
            log.sync()
            assert len(list(log)) == 6001
            seen = []
            log.replay(seen.append)
            assert len(seen) == 6001
    ''')
"""


def run(source: str, *arguments: object) -> str:
    # Not -X dev: the debug allocator of 3.12 isn't for interpreters with locks of their own.
    return run_child(MODULE + source, *arguments, flags=("-W", "error"))


def test_two_at_once(tmp_path: Path) -> None:
    """Each writes a log of its own and reads it, by a thread of its own; and so does the first."""
    said = run(
        """
    import libwal
    logs = [sys.argv[1] + "/" + name for name in "abc"]
    made = [create(), create()]
    threads = [
        threading.Thread(target=guarded, args=(which, WORK.format(path=sys.path, log=log)))
        for which, log in zip(made, logs)
    ]
    for thread in threads:
        thread.start()
    exec(WORK.format(path=sys.path, log=logs[2]))
    for thread in threads:
        thread.join()
    assert not errors, errors
    for which in made:
        interpreters.destroy(which)
    for log in logs:
        assert libwal.verify(log).records == 6001
    print("done")
    """,
        tmp_path,
    )
    assert said == "done\n"


def test_one_after_the_other(tmp_path: Path) -> None:
    """Modules come and go; nothing of one is left for the next."""
    said = run(
        """
    for round_ in range(5):
        which = create()
        run(which, WORK.format(path=sys.path, log=f"{sys.argv[1]}/{round_}"))
        interpreters.destroy(which)
    print("done")
    """,
        tmp_path,
    )
    assert said == "done\n"


def test_classes_are_each_interpreters_own(tmp_path: Path) -> None:
    said = run(
        """
    import libwal
    which = create()
    run(which, textwrap.dedent(f'''
        import sys
        sys.path[:] = {sys.path!r}
        import libwal
        assert id(libwal.Log) != {id(libwal.Log)}
        assert id(libwal.WalError) != {id(libwal.WalError)}
    '''))
    interpreters.destroy(which)
    libwal.open(sys.argv[1] + "/a").close()
    print("done")
    """,
        tmp_path,
    )
    assert said == "done\n"


def test_a_log_that_is_left_open(tmp_path: Path) -> None:
    """An interpreter that ends closes what it has open."""
    said = run(
        """
    import libwal
    which = create()
    run(which, textwrap.dedent(f'''
        import sys, warnings
        sys.path[:] = {sys.path!r}
        warnings.simplefilter("ignore")
        import libwal
        log = libwal.open({sys.argv[1] + "/a"!r}, sync="none")
        reader = log.tail()
        log.append(b"x")
    '''))
    interpreters.destroy(which)
    with libwal.open(sys.argv[1] + "/a") as log:
        print(len(log))
    """,
        tmp_path,
    )
    assert said == "1\n"
