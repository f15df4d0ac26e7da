// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

// Every code, raised by what it is for, with what it tells. Two are in TestCodes alone, since this
// package gives others in their place: for ErrTimeout the contexts' errors (TestWaitTimeout), for
// ErrCallback the callbacks' own (TestVerifyStops).

func TestCodes(t *testing.T) {
	for code, name := range map[wal.Code]string{
		wal.ErrInvalid: "WAL_E_INVAL", wal.ErrNoMemory: "WAL_E_NOMEM", wal.ErrIO: "WAL_E_IO",
		wal.ErrNoSpace: "WAL_E_NOSPC", wal.ErrNotFound: "WAL_E_NOTFOUND",
		wal.ErrExists: "WAL_E_EXISTS", wal.ErrLocked: "WAL_E_LOCKED",
		wal.ErrCorrupt: "WAL_E_CORRUPT", wal.ErrTorn: "WAL_E_TORN",
		wal.ErrVersion: "WAL_E_VERSION", wal.ErrReadOnly: "WAL_E_READONLY",
		wal.ErrClosed: "WAL_E_CLOSED", wal.ErrFailed: "WAL_E_FAILED",
		wal.ErrInDoubt: "WAL_E_INDOUBT", wal.ErrTooBig: "WAL_E_TOOBIG",
		wal.ErrRange: "WAL_E_RANGE", wal.ErrTrimmed: "WAL_E_TRIMMED",
		wal.ErrTimeout: "WAL_E_TIMEOUT", wal.ErrCrypto: "WAL_E_CRYPTO",
		wal.ErrBusy: "WAL_E_BUSY", wal.ErrFork: "WAL_E_FORK",
		wal.ErrUnsupported: "WAL_E_UNSUPPORTED", wal.ErrCallback: "WAL_E_CALLBACK",
		wal.ErrPerm: "WAL_E_PERM", wal.ErrFull: "WAL_E_FULL",
	} {
		equal(t, code.Name(), name)
		if code.Error() == "unknown error" || code >= 0 {
			t.Fatal(int32(code), code)
		}
	}
	equal(t, wal.Code(-99).Name(), "WAL_E_UNKNOWN")
	for code, std := range map[wal.Code]error{
		wal.ErrExists: fs.ErrExist, wal.ErrNotFound: fs.ErrNotExist,
		wal.ErrPerm: fs.ErrPermission, wal.ErrClosed: fs.ErrClosed,
		wal.ErrTimeout: os.ErrDeadlineExceeded,
	} {
		if !errors.Is(code, std) || errors.Is(wal.ErrRange, std) {
			t.Fatal(code, std)
		}
	}
}

func TestErrInvalid(t *testing.T) {
	log := newLog(t)
	_, err := log.AppendTyped(background, 0, nil, 1<<30)
	e := wants(t, err, wal.ErrInvalid)
	equal(t, e.Path, log.Path())
	equal(t, e.Errno, 0)
	equal(t, e.LSN, 0)
}

func TestErrCorrupt(t *testing.T) {
	path := newPath(t)
	log := open(t, path)
	fill(t, log, 4)
	must(log.Append(background, []byte("precious precious precious")))(t)
	must(log.Append(background, []byte("behind")))(t)
	check(t, log.Rotate())
	check(t, log.Close())
	corrupt(t, path, []byte("precious precious precious"))

	log = open(t, path)
	defer log.Close()
	_, get := log.Get(5, nil)
	before, walk := collect(log.Records(background, 0))
	equal(t, len(before), 4)
	for _, err := range []error{get, walk} {
		e := wants(t, err, wal.ErrCorrupt)
		equal(t, e.LSN, 5)
		equal(t, e.Segment, 1)
		equal(t, e.Path, path)
		if e.Offset <= 4096 || !strings.Contains(e.Error(), path) {
			t.Fatal(e.Offset, e)
		}
	}
	equal(t, string(must(log.Get(6, nil))(t).Data), "behind")
}

// tornLog gives a log whose last group was written in part.
func tornLog(t *testing.T) string {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	must(log.AppendTyped(background, 0, []byte("durable"), wal.FlagSync))(t)
	end := must(log.Segments())(t)[0].Bytes
	must(log.Append(background, make([]byte, 1000)))(t)
	check(t, log.Flush())
	torn := copyLive(t, log.Path())
	check(t, os.Truncate(segmentFiles(t, torn)[0], int64(end)+500))
	return torn
}

func TestErrTorn(t *testing.T) {
	path := tornLog(t)
	_, err := wal.Open(path, wal.WithStrict())
	wants(t, err, wal.ErrTorn)
	v, err := wal.Verify(background, path, nil)
	wants(t, err, wal.ErrTorn)
	equal(t, v.Records, 1)
	log := open(t, path)
	defer log.Close()
	r := log.Recovery()
	if r.Verdict != wal.VerdictTorn && r.Verdict != wal.VerdictAmbiguous {
		t.Fatal(r.Verdict)
	}
	equal(t, r.CutSegment, 1)
	holds(t, log, 1, "durable")
}

func TestErrNotFound(t *testing.T) {
	path := newPath(t)
	_, err := wal.Open(path, wal.WithReadOnly())
	wants(t, err, wal.ErrNotFound)
	_, err = wal.Open(path, wal.WithCreate(false))
	wants(t, err, wal.ErrNotFound)
	_, err = wal.Verify(background, path, nil)
	wants(t, err, wal.ErrNotFound)
	log := newLog(t)
	_, err = log.Meta().Get("k")
	wants(t, err, wal.ErrNotFound)
	_, _, err = log.LastCheckpoint()
	wants(t, err, wal.ErrNotFound)
}

func TestErrExists(t *testing.T) {
	log := newLog(t)
	check(t, log.Close())
	_, err := wal.Open(log.Path(), wal.WithExclusive())
	wants(t, err, wal.ErrExists)
}

func TestErrLocked(t *testing.T) {
	log := newLog(t)
	_, err := wal.Open(log.Path())
	e := wants(t, err, wal.ErrLocked)
	equal(t, e.Path, log.Path())
	_, err = wal.AcquireLock(log.Path())
	wants(t, err, wal.ErrLocked)
	wants(t, wal.Destroy(log.Path()), wal.ErrLocked)
}

func TestErrVersion(t *testing.T) {
	log := newLog(t)
	fill(t, log, 3)
	check(t, log.Close())
	patch(t, filepath.Join(log.Path(), "control"), [2]int{0, 4096}, 8, 2, 0)
	_, err := wal.Open(log.Path())
	wants(t, err, wal.ErrVersion)
}

func TestErrUnsupported(t *testing.T) {
	log := newLog(t)
	fill(t, log, 3)
	check(t, log.Close())
	patch(t, segmentFiles(t, log.Path())[0], [2]int{0, 2048}, 114, 7, 0) // a codec of the future
	_, err := wal.Verify(background, log.Path(), nil)
	wants(t, err, wal.ErrUnsupported)
}

func TestErrCrypto(t *testing.T) {
	log := newLog(t)
	fill(t, log, 3)
	check(t, log.Close())
	patch(t, segmentFiles(t, log.Path())[0], [2]int{0, 2048}, 116, 1, 0) // it says it is encrypted
	_, err := wal.Open(log.Path())
	wants(t, err, wal.ErrCrypto)
}

func TestErrReadOnly(t *testing.T) {
	log := newLog(t)
	reader := open(t, log.Path(), wal.WithReadOnly())
	defer reader.Close()
	_, err := reader.Append(background, nil)
	wants(t, err, wal.ErrReadOnly)
	_, err = reader.Append(cancellable(t), nil)
	wants(t, err, wal.ErrReadOnly)
	wants(t, reader.TruncateAfter(0), wal.ErrReadOnly)
	_, err = reader.NewBatch()
	wants(t, err, wal.ErrReadOnly)
	_, err = reader.NewReader(0, wal.Pin)
	wants(t, err, wal.ErrReadOnly)
}

// breakSync has writes to the newest segment succeed from now on, and syncs of it fail.
func breakSync(t *testing.T, path string) {
	t.Helper()
	null := must(os.OpenFile("/dev/null", os.O_RDWR, 0))(t)
	defer null.Close()
	files := segmentFiles(t, path)
	found := false
	for name, to := range openFiles() {
		if to == files[len(files)-1] {
			found = true
			var fd int
			for _, digit := range name {
				fd = 10*fd + int(digit-'0')
			}
			check(t, syscall.Dup3(int(null.Fd()), fd, 0))
		}
	}
	equal(t, found, true)
}

func TestErrInDoubtThenFailed(t *testing.T) {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	must(log.Append(background, []byte("safe")))(t)
	check(t, log.Rotate())
	must(log.Append(background, []byte("unsure")))(t)
	equal(t, log.Failure(), nil)
	breakSync(t, log.Path())
	e := wants(t, log.Sync(background), wal.ErrInDoubt)
	equal(t, e.LSN, 2)
	if !errors.Is(e, syscall.EINVAL) || e.Errno != syscall.EINVAL {
		t.Fatal(e.Errno)
	}
	wants(t, log.Sync(cancellable(t)), wal.ErrFailed)
	wants(t, log.Wait(background, 2), wal.ErrInDoubt)
	wants(t, log.Wait(background, 3), wal.ErrFailed)
	_, err := log.Append(background, nil)
	wants(t, err, wal.ErrFailed)
	wants(t, log.Meta().Set("k", nil), wal.ErrFailed)
	e = wants(t, log.Failure(), wal.ErrIO)
	equal(t, e.LSN, 2)
	equal(t, string(must(log.Get(1, nil))(t).Data), "safe")
	log.Close() // whose sync fails, too
	again := open(t, log.Path())
	defer again.Close()
	holds(t, again, 1, "safe")
}

// Whichever way a caller waits, it gets its own LSN with the doubt.
func TestErrInDoubtOfAppends(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		log := newLog(t)
		must(log.Append(background, []byte("safe")))(t)
		breakSync(t, log.Path())
		ctx := background
		if cancel {
			ctx = cancellable(t)
		}
		ahead := at(func() error { return log.Wait(background, 9) })
		soon()
		lsn, err := log.Append(ctx, []byte("unsure"))
		e := wants(t, err, wal.ErrInDoubt)
		equal(t, lsn, 2)
		equal(t, e.LSN, 2)
		wants(t, ends(t, ahead), wal.ErrFailed)
		lsn, err = log.Append(ctx, nil)
		wants(t, err, wal.ErrFailed)
		equal(t, lsn, 0)
		log.Close()
	}
}

func TestErrRange(t *testing.T) {
	log := newLog(t)
	_, err := log.Get(5, nil)
	wants(t, err, wal.ErrRange)
	_, err = collect(log.Records(background, 5))
	wants(t, err, wal.ErrRange)
	wants(t, log.TruncateBefore(5), wal.ErrRange)
	wants(t, log.Checkpoint(5, nil), wal.ErrRange)
}

func TestErrTrimmed(t *testing.T) {
	log := newLog(t)
	fill(t, log, 5)
	r := must(log.NewReader(1))(t)
	defer r.Close()
	check(t, log.TruncateBefore(4))
	_, err := r.Next()
	e := wants(t, err, wal.ErrTrimmed)
	equal(t, e.Path, log.Path())
	check(t, r.Seek(4))
	equal(t, must(r.Next())(t).LSN, 4)
}

func TestErrTooBig(t *testing.T) {
	log := newLog(t, wal.WithCheckpointBytes(10))
	wants(t, log.Meta().Set(strings.Repeat("k", 65), nil), wal.ErrTooBig)
	wants(t, log.Meta().Set("k", make([]byte, 1025)), wal.ErrTooBig)
	fill(t, log, 1)
	wants(t, log.Checkpoint(1, make([]byte, 11)), wal.ErrTooBig)
}

func TestErrFull(t *testing.T) {
	log := newLog(t)
	b := must(log.NewBatch())(t)
	defer b.Close()
	for i := range 64 {
		check(t, b.SetMeta(string(rune('0'+i)), nil))
	}
	_, _, err := b.Commit(background, 0)
	check(t, err)
	wants(t, log.Meta().Set("one more", nil), wal.ErrFull)
	check(t, log.Reset(1<<64-2))
	must(log.Append(background, nil))(t)
	_, err = log.Append(background, nil)
	wants(t, err, wal.ErrFull)
}

// limited sets one of the process's limits for the length of a function.
func limited(t *testing.T, what int, value uint64, f func()) {
	t.Helper()
	var before syscall.Rlimit
	check(t, syscall.Getrlimit(what, &before))
	now := before
	now.Cur = value
	check(t, syscall.Setrlimit(what, &now))
	defer func() { check(t, syscall.Setrlimit(what, &before)) }()
	f()
}

func TestErrNoSpace(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	log := newLog(t, wal.WithZeroAheadBytes(0))
	must(log.Append(background, []byte("small")))(t)
	limited(t, syscall.RLIMIT_FSIZE, 100_000, func() {
		lsn, err := log.Append(background, make([]byte, 200_000))
		e := wants(t, err, wal.ErrNoSpace)
		equal(t, lsn, 0)
		equal(t, e.Errno, syscall.EFBIG)
	})
	equal(t, must(log.Append(background, []byte("goes on")))(t), 2)
	holds(t, log, 1, "small", "goes on")
}

// Who waits without a thread keeps the record, which becomes durable once there is room.
func TestErrNoSpaceOfABufferedRecord(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	log := newLog(t, wal.WithZeroAheadBytes(0))
	large := strings.Repeat("x", 200_000)
	limited(t, syscall.RLIMIT_FSIZE, 100_000, func() {
		lsn, err := log.Append(cancellable(t), []byte(large))
		e := wants(t, err, wal.ErrNoSpace)
		equal(t, lsn, 1)
		equal(t, e.LSN, 1)
		wants(t, log.Wait(cancellable(t), 1), wal.ErrNoSpace)
	})
	check(t, log.Wait(background, 1))
	holds(t, log, 1, large)
}

func TestErrIO(t *testing.T) {
	path := newPath(t)
	check(t, open(t, path).Close())
	free := must(syscall.Dup(0))(t)
	check(t, syscall.Close(free))
	limited(t, syscall.RLIMIT_NOFILE, uint64(free), func() {
		_, err := wal.Open(path)
		e := wants(t, err, wal.ErrIO)
		if !errors.Is(err, syscall.EMFILE) {
			t.Fatal(e.Errno)
		}
	})
}

func TestErrPerm(t *testing.T) {
	path := newPath(t)
	check(t, open(t, path).Close())
	check(t, os.Chmod(path, 0o777))
	_, err := wal.Open(path)
	wants(t, err, wal.ErrPerm)
	check(t, os.Chmod(path, 0o700))
	file := segmentFiles(t, path)
	if len(file) == 0 {
		log := open(t, path)
		must(log.Append(background, nil))(t)
		check(t, log.Close())
		file = segmentFiles(t, path)
	}
	check(t, os.Rename(file[0], file[0]+".away"))
	check(t, os.Symlink(file[0]+".away", file[0]))
	_, err = wal.Open(path)
	if !errors.Is(wants(t, err, wal.ErrPerm), fs.ErrPermission) {
		t.Fatal(err)
	}
}

func TestErrFork(t *testing.T) {
	said := must(startChild(t, "parent", newPath(t)).stdout.ReadString('\n'))(t)
	equal(t, said, "42 <nil> <nil>\n")
}

func TestErrNoMemory(t *testing.T) {
	t.Setenv("ASAN_OPTIONS", os.Getenv("ASAN_OPTIONS")+":allocator_may_return_null=1")
	said := must(startChild(t, "poor", newPath(t)).stdout.ReadString('\n'))(t)
	if !strings.HasPrefix(said, "true true ") || !strings.HasSuffix(said, " 1 <nil> <nil>\n") {
		t.Fatal(said)
	}
}
