/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of an HTML page, on stdout. What comes from outside goes through these. */
#ifndef WALCTL_HTML_H
#define WALCTL_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTML_SIZE_TEXT = 16 };

/* As text anywhere in the page, in attributes too. Control bytes are escaped as on a terminal. */
void html_text(const void *data, size_t size);
void html_string(const char *text);
/* With narrow blanks between each three digits. */
void html_number(uint64_t n);
/* "1.5 MiB" */
void html_size(char text[HTML_SIZE_TEXT], uint64_t bytes);
/* "2026-11-28 15:17:32 UTC", or - */
void html_time(uint64_t seconds);

void html_section(const char *title);
void html_section_end(void);
/* Rows of a table of two columns: a name, and what is printed between the two calls. */
void html_facts(void);
void html_fact(const char *name);
void html_fact_number(const char *name, uint64_t value);
/* `value` 0: none. */
void html_fact_lsn(const char *name, uint64_t value);
void html_facts_end(void);

/* A bar that takes this part of its cell's width; 0 .. 1. */
void html_bar(double part);

#endif
