// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard: what zero-copy calls do is up to kernel.splice_mode.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "arch.h"
#include "compat.h"
#include "facts.h"
#include "frags.h"
#include "grammar.h"
#include "hooks.h"
#include "inflight.h"
#include "knobs.h"
#include "live.h"
#include "operations.h"
#include "stash.h"
#include "sysfs.h"

static struct spg_hook *const all_hooks[] = {
	&spg_fill_hook,
	&spg_socket_hook,
	&spg_splice_hook,
	&spg_sendfile_hook,
	&spg_sendfile_sink_hook,
#ifdef SPG_HAVE_DIRECT
	&spg_direct_hook,
#endif
	&spg_tee_hook,
	&spg_vmsplice64_hook SPG_IF_SYSCALL32(, &spg_vmsplice32_hook),
	&spg_zerocopy_stream_hook,
	&spg_zerocopy_fill_hook,
	&spg_option_hook,
	&spg_setsockopt_hook,
#ifdef SPG_HAVE_SEND_ZC
	&spg_send_zc_hook,
#endif
#ifdef SPG_HAVE_ZCRX
	&spg_zcrx_hook,
#endif
#ifdef SPG_HAVE_BIND_TX
	&spg_bind_tx_hook,
#endif
	&spg_unload64_hook SPG_IF_SYSCALL32(, &spg_unload32_hook),
};

static int __init put_in_force(void)
{
	struct spg_policy *before = kmalloc(sizeof(*before), GFP_KERNEL);
	int err = before ? spg_live_change(&spg_boot_policy, SPG_PART_ALL, before) : -ENOMEM;

	kfree(before);
	return err;
}

static void __init announce(void)
{
	char *text = kmalloc(SPG_TEXT, GFP_KERNEL);

	if (!text)
		return;
	if (spg_format_trust(&spg_boot_policy, text, SPG_TEXT))
		pr_info("splice_trust is '%s'\n", text);
	if (spg_boot_policy.group != SPG_NO_GROUP)
		pr_info("splice_group is %u\n", spg_boot_policy.group);
	spg_format_modes(&spg_boot_policy, text, SPG_TEXT);
	pr_info("splice_mode is '%s'%s\n", text, spg_boot_policy.locked ? ", locked" : "");
	kfree(text);
}

static int __init spliceguard_init(void)
{
	const char *refusal = spg_arch_refusal();
	int err;

	if (refusal) {
		pr_err("hooks cannot work in this kernel: %s; not loaded\n", refusal);
		return -EOPNOTSUPP;
	}
	BUILD_BUG_ON(ARRAY_SIZE(all_hooks) > SPG_HOOKS_MAX);
	err = spg_hooks_init(all_hooks, ARRAY_SIZE(all_hooks));
	if (err)
		return err;
	spg_frags_init();
	err = spg_facts_init();
	if (err)
		return err;
	err = spg_sysfs_init();
	if (err)
		goto fail_sysfs;
	err = put_in_force();
	if (err)
		goto fail_live;
	err = spg_knobs_init();
	if (err)
		goto fail_knobs;
	announce();
	return 0;

fail_knobs:
	spg_live_end();
	spg_inflight_drain();
	spg_stash_empty();
	spg_frags_exit();
fail_live:
	spg_sysfs_exit();
fail_sysfs:
	spg_facts_exit();
	return err;
}

/*
 * Only a forced unloading that began before the lock comes here under it: a delete_module(2) can
 * sleep as long as its caller likes over the name of the module. It shall have its way never, and
 * all hooks stay.
 */
static void refuse_for_ever(void)
{
	pr_alert("not unloaded, and never: kernel.splice_mode_locked is 1\n");
	spg_sleep_for_ever();
}

static void __exit spliceguard_exit(void)
{
	if (spg_live_is_locked())
		refuse_for_ever();
	spg_knobs_exit();
	/* Or one that began just when the lock came; nobody else is left to bring it now. */
	if (spg_live_is_locked())
		refuse_for_ever();
	spg_live_end();
	spg_inflight_drain();
	spg_stash_empty();
	spg_frags_exit();
	spg_facts_exit();
	spg_sysfs_exit();
}

module_init(spliceguard_init);
module_exit(spliceguard_exit);

MODULE_AUTHOR("The spliceguard authors");
MODULE_DESCRIPTION("Close splice, sendfile, vmsplice, tee and zero-copy sending to sharing of pages: kernel.splice_mode");
MODULE_LICENSE("GPL");
MODULE_VERSION(SPG_VERSION);
