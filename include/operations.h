/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations, each in a file of its own, and the hooks that they need.
 */
#ifndef SPG_OPERATIONS_H
#define SPG_OPERATIONS_H

#include <linux/bits.h>
#include "hooks.h"

/*
 * Rides along in the flags of a splice from the hook of do_splice() down to where a pipe is filled
 * or emptied, so that a splice can be told from a sendfile there. splice(2) refuses such flags from
 * users; what they pass through looks at SPLICE_F_* only.
 */
#define SPG_F_SPLICE BIT(28)
/* And from where a pipe is filled down to the same place for the file below, of overlayfs. */
#define SPG_F_FILLING BIT(29)

static inline enum spg_op spg_op_of(unsigned int flags)
{
	return flags & SPG_F_SPLICE ? SPG_SPLICE : SPG_SENDFILE;
}

/* What fills and empties the pipes of both, also under block: see spg_verdict_inside(). */
static inline bool spg_splice_or_sendfile(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_SPLICE) != SPG_OFF ||
	       spg_policy_mode(policy, SPG_SENDFILE) != SPG_OFF;
}

extern struct spg_hook spg_splice_hook;
extern struct spg_hook spg_fill_hook;
extern struct spg_hook spg_socket_hook;
extern struct spg_hook spg_sendfile_hook;
extern struct spg_hook spg_sendfile_sink_hook;
#ifdef SPG_HAVE_DIRECT
extern struct spg_hook spg_direct_hook;
#endif
extern struct spg_hook spg_tee_hook;
extern struct spg_hook spg_vmsplice64_hook;
extern struct spg_hook spg_vmsplice32_hook; /* where there is that entry; see arch.h */
extern struct spg_hook spg_zerocopy_stream_hook;
extern struct spg_hook spg_zerocopy_fill_hook;
extern struct spg_hook spg_option_hook;
extern struct spg_hook spg_setsockopt_hook;
#ifdef SPG_HAVE_SEND_ZC
extern struct spg_hook spg_send_zc_hook;
#endif
#ifdef SPG_HAVE_ZCRX
extern struct spg_hook spg_zcrx_hook;
#endif
#ifdef SPG_HAVE_BIND_TX
extern struct spg_hook spg_bind_tx_hook;
#endif
extern struct spg_hook spg_unload64_hook;
extern struct spg_hook spg_unload32_hook;

#endif
