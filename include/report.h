/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports: the kernel's log, and audit records, of refused calls and of what is written to knobs.
 */
#ifndef SPG_REPORT_H
#define SPG_REPORT_H

#include "policy.h"

void spg_report_refusal(enum spg_op op);
void spg_report_change(const char *knob, const char *from, const char *to);
void spg_report_failure(const char *knob, const char *from, const char *to, int err);
void spg_report_loosening(const char *knob, const char *from, const char *to, const char *why);

#endif
