/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a Reader that knows its place and fetches records; reader.c is the class. */
#ifndef LIBWAL_PYTHON_FETCH_H
#define LIBWAL_PYTHON_FETCH_H

#include "reader.h"

bool reader_is_reverse(const struct reader *r);
/* The LSN that is given next. */
uint64_t reader_place(const struct reader *r);
/* Gives up what was fetched: `to` is next. */
void reader_set_back(struct reader *r, uint64_t to);

/* ClosedError and false where it, or its log, is closed. */
bool reader_is_open(struct reader *r);
/* Whether another thread is in a call on it; the child of a fork has no other. */
bool reader_is_busy(const struct reader *r);
/* Begins what one thread at a time may do, which ends with busy = false. ClosedError, BusyError. */
bool reader_begin(struct reader *r);

/* All of these between reader_begin and its end. */
/* Makes lsn the next one. 0, or -1; the code `but` is left to the caller. After an error the reader
 * is where it was. */
int reader_move(struct reader *r, uint64_t lsn, int but);
/* Fetches up to n records with so many bytes: 1 there are some, 0 there are none, -1. */
int reader_fetch(struct reader *r, size_t n, size_t bytes);
/* 1: there is something; 0: timeout or interrupt; -1. */
int reader_wait_for_more(struct reader *r, int64_t ms);

#endif
