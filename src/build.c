// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole module as one compilation unit: every file reads the same thousands of lines of kernel
 * headers, which takes a compiler four times as long as all that is here. DKMS builds the module
 * anew for each kernel, on small machines too. (As kernel/sched/build_policy.c does.)
 *
 * So a static name is one file's alone only by not being used by another one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* Policy, and what is asked of a call. */
#include "policy.c"
#include "grammar.c"
#include "facts.c"

/* Mechanism. */
#include "inflight.c"
#include "hooks.c"
#include "live.c"
#include "stash.c"
#include "frags.c"
#include "pages.c"
#include "pipes.c"
#include "contents.c"
#include "deferred.c"

/* What is told. */
#include "stats.c"
#include "verdicts.c"
#include "report.c"
#include "sysfs.c"

/* The operations. */
#include "splice.c"
#include "sendfile.c"
#ifdef SPG_HAVE_DIRECT
#include "direct.c"
#endif
#include "socket.c"
#include "tee.c"
#include "vmsplice.c"
#include "zerocopy.c"
#include "requests.c"
#include "unload.c"

#include "knobs.c"
#include "main.c"
