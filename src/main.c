// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard: what zero-copy calls do is up to kernel.splice_mode.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include "hooks.h"
#include "inflight.h"
#include "knobs.h"
#include "live.h"
#include "operations.h"
#include "stats.h"

static struct spg_hook *const hooks[] = {
	&spg_fill_hook,
	&spg_socket_hook,
	&spg_splice_hook,
	&spg_sendfile_hook,
	&spg_sendfile_sink_hook,
	&spg_tee_hook,
	&spg_vmsplice64_hook,
	&spg_vmsplice32_hook,
	&spg_zerocopy_stream_hook,
	&spg_zerocopy_fill_hook,
	&spg_option_hook,
#ifndef SPG_HAVE_DO_SOCK_SETSOCKOPT
	&spg_ring_hook,
#endif
#ifdef SPG_HAVE_SEND_ZC
	&spg_send_zc_hook,
#endif
#ifdef SPG_HAVE_ZCRX
	&spg_zcrx_hook,
#endif
#ifdef SPG_HAVE_BIND_TX
	&spg_bind_tx_hook,
#endif
	&spg_unload64_hook,
	&spg_unload32_hook,
};

/* Whoever loads this wants protection, so that is what loading without a parameter gives. */
static char boot_mode[SPG_POLICY_TEXT] = "degrade";

static int set_mode(const char *text, const struct kernel_param *param)
{
	struct spg_policy policy;
	int err = spg_policy_parse(text, strlen(text), &policy);

	if (!err)
		spg_policy_format(policy, boot_mode, sizeof(boot_mode));
	return err;
}

static int get_mode(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", boot_mode);
}

static const struct kernel_param_ops mode_ops = {
	.set = set_mode,
	.get = get_mode,
};

module_param_cb(mode, &mode_ops, NULL, 0444);
MODULE_PARM_DESC(mode, "kernel.splice_mode at load: off, log, degrade (default) or block, then OP=MODE for single operations, as in \"degrade vmsplice=block\"");

static int __init spliceguard_init(void)
{
	struct spg_policy policy;
	int err;

	err = spg_policy_parse(boot_mode, strlen(boot_mode), &policy);
	if (err)
		return err;
	err = spg_hooks_init(hooks, ARRAY_SIZE(hooks));
	if (err)
		return err;
	err = spg_stats_init();
	if (err)
		return err;
	err = spg_live_change(policy);
	if (err)
		goto fail_live;
	err = spg_knobs_init();
	if (err)
		goto fail_knobs;
	pr_info("splice_mode is '%s'\n", boot_mode);
	return 0;

fail_knobs:
	spg_live_change(spg_policy_uniform(SPG_OFF));
	spg_inflight_drain();
fail_live:
	spg_stats_exit();
	return err;
}

static void __exit spliceguard_exit(void)
{
	spg_knobs_exit();
	spg_live_change(spg_policy_uniform(SPG_OFF));
	spg_inflight_drain();
	spg_stats_exit();
}

module_init(spliceguard_init);
module_exit(spliceguard_exit);

MODULE_AUTHOR("The spliceguard authors");
MODULE_DESCRIPTION("Close splice, sendfile, vmsplice, tee and zero-copy sending to sharing of pages: kernel.splice_mode");
MODULE_LICENSE("GPL");
MODULE_VERSION(SPG_VERSION);
