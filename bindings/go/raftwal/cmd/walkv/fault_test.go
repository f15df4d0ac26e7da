// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Signals by which a child breaks what its disk does, for good.
const (
	signalNoSync  = syscall.SIGUSR1 // each sync is an I/O error
	signalNoSpace = syscall.SIGUSR2 // no file may grow
)

func breakOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, signalNoSync, signalNoSpace)
	go func() {
		for got := range signals {
			fault := failSyncs
			if got == signalNoSpace {
				fault = forbidSpace
			}
			if err := fault(); err != nil {
				panic(err)
			}
		}
	}()
}

func forbidSpace() error {
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1, Max: 1})
}

// failSyncs has the kernel refuse these system calls in all threads.
func failSyncs() error {
	const number = 0 // where struct seccomp_data has the system call's
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 2, K: unix.SYS_FSYNC},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: unix.SYS_FDATASYNC},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EIO)},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}
