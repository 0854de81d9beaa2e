/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hooks: a stand-in for a kernel function, put in its place by ftrace.
 */
#ifndef SPG_HOOKS_H
#define SPG_HOOKS_H

#include <linux/static_call.h>
#include "compat.h"
#include "inflight.h"
#include "policy.h"

struct file;
struct ftrace_ops;
struct pipe_inode_info;

/**
 * struct spg_hook - one kernel function that we stand in for
 * @names: what the function is called, newest kernels first; ends with NULL
 * @optional: whether the module can do without, unless it is locked
 * @quickens: whether it protects nothing, and only makes calls quicker: nobody misses it
 * @standin: what runs instead
 * @bind: sets the static calls to the function's entry, and to just past its ftrace call site
 * @prove: calls the function by its entry with arguments that make it return at once, in case the
 *	hook does not fire
 * @needed: whether a policy needs this hook
 * @admit: when not NULL, called in the ftrace callback (atomic): false lets the function run as it
 *	is
 * @name: the one of @names that this kernel has, or NULL
 * @site: the address of its ftrace call site
 * @ops: what it is registered with, or NULL; under the mutex of those who change hooks
 * @given_up: it quickens and could not be had, and is not asked for again as long as it is needed
 */
struct spg_hook {
	const char *const *names;
	bool optional;
	bool quickens;
	void *standin;
	void (*bind)(void *entry, void *past);
	void (*prove)(void);
	bool (*needed)(const struct spg_policy *policy);
	bool (*admit)(struct spg_ftrace_frame *frame);

	const char *name;
	unsigned long site;
	struct ftrace_ops *ops;
	bool given_up;
};

/* How many hooks there may be. */
#define SPG_HOOKS_MAX 32

#define spg_names(...) ((const char *const []){ __VA_ARGS__, NULL })

/*
 * SPG_STAND_IN(id, type, parameters, arguments) - the frame of a stand-in
 *
 * Gives spg_##id##_original(arguments), a direct call past the function's call site, and the
 * wrapper that counts the call out; the callback counted it in. The file that uses it defines
 * `static type id##_call(parameters)`, which does the work.
 *
 * The static calls are typed by a prototype that is never defined, since most of these functions
 * are in no header.
 */
#define SPG_STAND_IN(id, type, parameters, arguments)					\
	type spg_##id##_type parameters;						\
	DEFINE_STATIC_CALL_NULL(spg_##id##_entry, spg_##id##_type);			\
	DEFINE_STATIC_CALL_NULL(spg_##id##_original, spg_##id##_type);			\
	static type id##_call parameters;						\
	static type id##_stand_in parameters						\
	{										\
		type ret = id##_call arguments;						\
											\
		spg_inflight_leave();							\
		return ret;								\
	}										\
	static void id##_bind(void *entry, void *past)					\
	{										\
		static_call_update(spg_##id##_entry, (typeof(spg_##id##_type) *)entry);	\
		static_call_update(spg_##id##_original, (typeof(spg_##id##_type) *)past); \
	}

#define spg_original(id) static_call(spg_##id##_original)
#define spg_entry(id) static_call(spg_##id##_entry)

/*
 * What hooks are proven with: neither readable nor writable, no pipe, no socket; and a pipe that is
 * empty for ever.
 */
extern struct file spg_dummy_file;
extern struct pipe_inode_info spg_dummy_pipe;

void *spg_hooks_find(const char *name);
int spg_hooks_init(struct spg_hook *const *table, int count);
const char *const *spg_hooks_missing(const struct spg_policy *policy);
int spg_hooks_add(const struct spg_policy *policy);
void spg_hooks_remove(const struct spg_policy *policy);
ssize_t spg_hooks_show(const struct spg_policy *policy, char *text);

#endif
