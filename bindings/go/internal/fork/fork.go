// SPDX-License-Identifier: Apache-2.0

// Package fork is for tests: it forks without exec, which no Go program should.
package fork

/*
#include <signal.h>
#include <unistd.h>

static int fork_for_a_second(void)
{
    int child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(1);
    }
    return child;
}
*/
import "C"

// Fork is libc's. The child has this thread alone: Go's collector has to be off, and all that it
// may do is calls that need nobody else, and Exit. Where Go's runtime waits for a thread that it
// had, the child ends by SIGALRM. Negative: no child.
func Fork() int { return int(C.fork_for_a_second()) }

// Exit ends the child.
func Exit(code int) { C._exit(C.int(code)) }
