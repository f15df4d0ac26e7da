/* SPDX-License-Identifier: Apache-2.0 */
/* The class Log: its methods, and what help() says of them. */
#include "log.h"

#define FLAGS_TEXT                                                                                 \
    "sync      None: returns as the log's mode says; True: when durable; False: when buffered\n"   \
    "submit    returns when buffered, and a thread of the log commits it at once; see wait()\n"    \
    "nowait    BusyError rather than to wait for room in memory\n"

static PyMethodDef log_methods[] = {
    METHOD("append", log_append,
           "append($self, data, type=0, *, sync=None, submit=False, nowait=False)\n--\n\n"
           "Appends one record, any bytes-like, and returns its LSN. In modes data, full and\n"
           "dsync it is durable then, sharing the sync with other threads' appends.\n\n"
           "type      the user's, 0 .. 65535\n" FLAGS_TEXT "\n"
           "TooBigError: above max_record_bytes. NoSpaceError, WalOSError: it was not written;\n"
           "the next append works once there is space. InDoubtError: the sync failed; lsn tells\n"
           "the record's. FailedError, ClosedError, ReadOnlyError, FullError."),
    METHOD("append_many", log_append_many,
           "append_many($self, payloads, types=0, *, sync=None, submit=False, nowait=False)\n--\n\n"
           "Appends each item of an iterable as one batch: after a crash all are there, or none.\n"
           "Returns the first one's LSN; the others follow without a gap. types: one for all, or\n"
           "an iterable with one for each. Flags and errors as in append(); an empty iterable is\n"
           "InvalidError."),
    METHOD("replace_after", log_replace_after,
           "replace_after($self, lsn, payloads, types=0, *, sync=None, submit=False, "
           "nowait=False)\n--\n\n"
           "truncate_after(lsn) and append_many() in one atomic step: the records get lsn + 1 and\n"
           "on. Returns that, or 0 when there were none."),
    METHOD_NOARGS("flush", log_flush,
                  "flush($self, /)\n--\n\n"
                  "Hands everything buffered to the operating system, without a sync."),
    METHOD("sync", log_sync,
           "sync($self, lsn=0)\n--\n\n"
           "Makes every record up to lsn durable; 0: everything appended so far. Any error of a\n"
           "sync is final: InDoubtError, then FailedError."),
    METHOD("wait", log_wait,
           "wait($self, lsn, timeout=None)\n--\n\n"
           "Waits until lsn, which may lie ahead, is durable; it drives the sync itself, but in\n"
           "mode interval. WalTimeoutError after `timeout` seconds; InDoubtError, FailedError,\n"
           "ClosedError when it never will be by this handle."),
    METHOD_NOARGS("batch", log_batch,
                  "batch($self, /)\n--\n\n"
                  "A new Batch. `with log.batch() as b: b.append(...)` commits at the end."),
    METHOD("get", log_get,
           "get($self, lsn, default=None)\n--\n\n"
           "A record's bytes, durable or not; the default where there is no such record."),
    METHOD("record", log_record,
           "record($self, lsn)\n--\n\n"
           "The Record, durable or not, without its tag. RangeError outside of the log."),
    METHOD("read", log_read,
           "read($self, start=None, stop=None, *, reverse=False, written=False, pin=False, "
           "form='record')\n--\n\n"
           "A Reader from `start` (None or 0: the first, with reverse the last) to before\n"
           "`stop`, over what is durable.\n\n"
           "reverse   walk towards smaller LSNs\n"
           "written   see what is written but not yet durable, too\n"
           "pin       retention leaves what this reader has not read yet\n"
           "form      'record': Record objects; 'bytes': payloads; 'view': View objects, which\n"
           "          show the bytes without a copy\n\n"
           "It fetches some hundred records at a time. A cut by this object takes back those that\n"
           "were not given yet; of a writer in another process they stay as they were fetched."),
    METHOD("tail", log_tail,
           "tail($self, start=None, timeout=None, *, written=False, pin=False, form='record')\n"
           "--\n\n"
           "A Reader that waits for what comes, from `start` on (None: the next one, 0: the "
           "first), in this\n"
           "process or, where the log is read-only, from a writer in another one. It ends when\n"
           "nothing came for `timeout` seconds, or by interrupt(), and can go on then."),
    METHOD("replay", log_replay,
           "replay($self, function, start=0)\n--\n\n"
           "Calls function(Record) for every durable record from `start` on; 0: from behind the\n"
           "newest checkpoint. A true result stops it. Returns the last LSN delivered, 0: none.\n"
           "With option read_threads it reads ahead on another thread."),
    METHOD("truncate_before", log_truncate_before,
           "truncate_before($self, lsn)\n--\n\n"
           "Removes exactly the records below lsn, at most all (lsn = next_lsn). Atomic, durable\n"
           "when it returns; files go when nothing in them is left."),
    METHOD("truncate_after", log_truncate_after,
           "truncate_after($self, lsn)\n--\n\n"
           "Removes exactly the records above lsn, at most all (lsn = first_lsn - 1). Atomic,\n"
           "durable when it returns."),
    METHOD("reset", log_reset,
           "reset($self, next_lsn)\n--\n\n"
           "Removes all records; the log goes on at next_lsn, 1 .. 2**64 - 2. Metadata stay."),
    METHOD_NOARGS("rotate", log_rotate,
                  "rotate($self, /)\n--\n\n"
                  "Seals the present segment and begins a new one, unless it is empty."),
    METHOD("drain", log_drain,
           "drain($self, function)\n--\n\n"
           "Removes the oldest sealed segments, whole, as long as function(Segment) is true.\n"
           "Returns how many. After an exception all stay."),
    METHOD("checkpoint", log_checkpoint,
           "checkpoint($self, lsn, state=b'')\n--\n\n"
           "Says that the program's state up to record lsn is safe, with as much of it as is to\n"
           "be kept in the log. Durable when it returns. RangeError: lsn isn't durable, or below\n"
           "the newest checkpoint's; TooBigError: above checkpoint_bytes."),
    METHOD_NOARGS("last_checkpoint", log_last_checkpoint,
                  "last_checkpoint($self, /)\n--\n\nThe newest Checkpoint, None: there is none."),
    METHOD("segment_checkpoint", log_segment_checkpoint,
           "segment_checkpoint($self, segment)\n--\n\n"
           "The newest Checkpoint that lies in one segment, None: there is none."),
    METHOD_NOARGS("last_tag", log_last_tag,
                  "last_tag($self, /)\n--\n\nThe newest tagged batch's tag, None: none was."),
    METHOD_NOARGS("range", log_get_range,
                  "range($self, /)\n--\n\nfirst, last, next and durable LSN in one look."),
    METHOD_NOARGS("info", log_info, "info($self, /)\n--\n\nWhat the log is: an Info."),
    METHOD_NOARGS("segments", log_segments,
                  "segments($self, /)\n--\n\nIts files, oldest first: a list of Segment."),
    METHOD_NOARGS("stats", log_stats, "stats($self, /)\n--\n\nCounters since open, by name."),
    METHOD("histogram", log_histogram,
           "histogram($self, which)\n--\n\n"
           "64 counts of append_ns, sync_ns, group_records, group_bytes or read_ns: the one at i\n"
           "is of values from 2**i to 2**(i + 1) - 1, the one at 0 of 0, too."),
    METHOD("events", log_events,
           "events($self, /, *kinds)\n--\n\n"
           "A queue of the events of these kinds from now on; without any, of all but opened."),
    METHOD("copy", log_copy,
           "copy($self, dest, progress=None)\n--\n\n"
           "Copies the log, as it is now as far as it is durable, into directory dest: a log of\n"
           "its own. Appends go on meanwhile. progress(done, total) is told of bytes; a true\n"
           "result, or an exception, stops it. ExistsError: a log is in dest."),
    METHOD_NOARGS(
        "close", log_close,
        "close($self, /)\n--\n\n"
        "Writes and syncs what is buffered, and closes the log; what other threads wait\n"
        "for ends with ClosedError. Raises the first error of that last sync; the log is\n"
        "closed nevertheless. BufferError while a buffer of a view is in use, BusyError\n"
        "inside a callback of the log: then it stays open. It waits for calls of other\n"
        "threads to come to their end; the exception of a signal's handler ends that, and\n"
        "leaves the log open. A second close does nothing."),
    METHOD_ENTER(log_enter),
    METHOD_NO_PICKLE,
    METHOD_EXIT(log_exit),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot log_slots[] = {
    {Py_tp_doc,
     "An open write-ahead log, from libwal.open(). Any thread may use it at any time.\n\n"
     "Records have numbers (LSNs) from 1, without gaps. log[lsn] is a record's bytes,\n"
     "len(log) how many there are, `lsn in log` whether one is there, and iterating\n"
     "walks over the records that are durable."},
    {Py_tp_dealloc, log_dealloc},
    {Py_tp_finalize, log_finalize},
    {Py_tp_traverse, log_traverse},
    {Py_tp_clear, log_clear},
    {Py_tp_repr, log_repr},
    {Py_tp_iter, log_iter},
    {Py_tp_methods, log_methods},
    {Py_tp_getset, log_getset},
    {Py_mp_length, log_length},
    {Py_mp_subscript, log_get_item},
    {Py_sq_contains, log_contains},
    {0, NULL},
};
PyType_Spec log_spec = {
    .name = "libwal.Log",
    .basicsize = sizeof(struct log),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = log_slots,
};
