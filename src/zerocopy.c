// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSG_ZEROCOPY, and io_uring's SEND_ZC and SENDMSG_ZC: the data is copied into ordinary fragments
 * of the socket buffer, where the kernel would pin the caller's pages. What a plain send passes
 * through is not touched.
 *
 * All come by __zerocopy_sg_from_iter(); UDP and vsock have tied the buffer to the completion
 * before, TCP does it in skb_zerocopy_iter_stream(), above it. A copy needs no tie: the completion
 * comes when the send is over, as it does on a device that cannot gather, and the receiving end of
 * a virtual device has nothing to copy once more. So TCP is copied there, but for a call that began
 * under another mode; what is not copied is counted below. In block, sockets that had asked for
 * zero-copy before are degraded.
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/uio.h>
#include <net/sock.h>
#include "compat.h"
#include "facts.h"
#include "frags.h"
#include "operations.h"
#include "verdicts.h"

/* How much to ask for at once, as tcp_sendmsg() does. */
#define FRAGMENT_MIN 32

/* Account for @len bytes more, as __zerocopy_sg_from_iter() does. */
static void account(struct sock *sk, struct sk_buff *skb, size_t len)
{
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
	if (!sk || sk->sk_type != SOCK_STREAM) {
		refcount_add(len, &skb->sk->sk_wmem_alloc);
		return;
	}
	sk_wmem_queued_add(sk, len);
	sk_mem_charge(sk, len);
}

/*
 * Append up to @len bytes in one fragment. Returns how many; -EMSGSIZE if there is no room for
 * another, -EFAULT, or -ENOMEM. On error no data was added.
 */
static int append_copy(struct sock *sk, struct sk_buff *skb, struct iov_iter *from, size_t len)
{
	struct sock *owner = sk ?: skb->sk;
	struct page_frag *frag = sk_page_frag(owner);
	int count = skb_shinfo(skb)->nr_frags;
	size_t copied;
	bool merge;

	spg_frags_renew(owner, len, SPG_FRAGS_REST);
	if (!skb_page_frag_refill(FRAGMENT_MIN, frag, owner->sk_allocation))
		return -ENOMEM;
	merge = skb_can_coalesce(skb, count, frag->page, frag->offset);
	if (!merge && count >= MAX_SKB_FRAGS)
		return -EMSGSIZE;
	len = min_t(size_t, len, iov_iter_count(from));
	len = min_t(size_t, len, frag->size - frag->offset);
	len = spg_own_fragments(owner, skb, len);
	if (!len)
		return -ENOMEM;
	copied = copy_page_from_iter(frag->page, frag->offset, len, from);
	if (copied != len) {
		iov_iter_revert(from, copied);
		return -EFAULT;
	}
	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[count - 1], len);
	} else {
		get_page(frag->page);
		skb_fill_page_desc(skb, count, frag->page, frag->offset, len);
	}
	frag->offset += len;
	account(sk, skb, len);
	return len;
}

/* A send may come here in many pieces: it counts when the last of its data has been taken. */
static void count_piece(enum spg_verdict verdict, const struct iov_iter *from, size_t bytes,
			const struct sock *sk)
{
	enum spg_counter counter = verdict == SPG_COPY ? SPG_COPIED :
				   verdict == SPG_TRUST ? SPG_TRUSTED : SPG_PASSED;
	bool last = !iov_iter_count(from);

	if (verdict == SPG_STOCK)
		return;
	if (verdict == SPG_COPY)
		spg_count(SPG_ZEROCOPY, SPG_BYTES_COPIED, bytes);
	if (last)
		spg_count(SPG_ZEROCOPY, counter, 1);
	if (last || bytes)
		spg_trace(SPG_ZEROCOPY, counter, bytes, last, spg_from_memory,
			  spg_sink_of_sock(sk));
}

SPG_STAND_IN(zerocopy_stream, int, SPG_STREAM_PARAMETERS, SPG_STREAM_ARGUMENTS)

static int zerocopy_stream_call SPG_STREAM_PARAMETERS
{
	enum spg_verdict verdict =
		SPG_IS_DEVICE_MEMORY ? SPG_STOCK : spg_verdict_inside(SPG_ZEROCOPY, 0);
	int ret;

	if (verdict != SPG_COPY)
		return spg_original(zerocopy_stream) SPG_STREAM_ARGUMENTS;
	ret = append_copy(sk, skb, &msg->msg_iter, len);
	if (ret > 0) {
		spg_mark_copied(uarg);
		count_piece(verdict, &msg->msg_iter, ret, sk);
	}
	return ret;
}

SPG_STAND_IN(zerocopy_fill, int, SPG_FILL_PARAMETERS, SPG_FILL_ARGUMENTS)

static struct ubuf_info *completion_of(const struct msghdr *msg, struct sk_buff *skb)
{
#ifdef SPG_HAVE_ZEROCOPY_MSG
	if (msg && msg->msg_ubuf)
		return msg->msg_ubuf;
#endif
	return skb_zcopy(skb);
}

static int fill_copied(const struct msghdr *msg, struct sock *sk, struct sk_buff *skb,
		       struct iov_iter *from, size_t len)
{
	struct ubuf_info *uarg = completion_of(msg, skb);
	size_t done = 0;
	int ret = 0;

	while (done < len && iov_iter_count(from)) {
		ret = append_copy(sk, skb, from, len - done);
		if (ret < 0)
			break;
		done += ret;
	}
	if (done && uarg)
		spg_mark_copied(uarg);
	count_piece(SPG_COPY, from, done, sk ?: skb->sk);
	/* A stream takes other errors for an end of the room, and would try for ever. */
	if (ret == -ENOMEM && sk && sk->sk_type == SOCK_STREAM)
		return -EFAULT;
	return min(ret, 0);
}

static noinline int zerocopy_judged SPG_FILL_PARAMETERS
{
	enum spg_verdict verdict = spg_verdict_inside(SPG_ZEROCOPY, 0);
	size_t before = iov_iter_count(from);
	size_t bytes;
	int ret;

	/* Neither a socket nor a message: a tap's, whose pages are a virtual machine's. */
	if ((!sk && !SPG_FILL_MSG) || SPG_IS_DEVICE_MEMORY)
		verdict = SPG_STOCK;
	if (verdict == SPG_COPY)
		return fill_copied(SPG_FILL_MSG, sk, skb, from, len);
	ret = spg_original(zerocopy_fill) SPG_FILL_ARGUMENTS;
	bytes = before - iov_iter_count(from);
	/* A stream goes on in another buffer; on 6.1 io_uring comes here again from below. */
	if ((!ret || (ret == -EMSGSIZE && bytes && sk && sk->sk_type == SOCK_STREAM)) &&
	    !SPG_FILL_IS_NESTED)
		count_piece(verdict, from, bytes, sk ?: skb->sk);
	return ret;
}

/* In log, where nobody traces, only whether it was the last piece is to be known. */
static int zerocopy_fill_call SPG_FILL_PARAMETERS
{
	int ret;

	if (!spg_live_only_logs(SPG_ZEROCOPY) || trace_verdict_enabled() || !sk ||
	    SPG_IS_DEVICE_MEMORY)
		return zerocopy_judged SPG_FILL_ARGUMENTS;
	ret = spg_original(zerocopy_fill) SPG_FILL_ARGUMENTS;
	if (!ret && !iov_iter_count(from) && !SPG_FILL_IS_NESTED)
		spg_count(SPG_ZEROCOPY, SPG_PASSED, 1);
	return ret;
}

/* In log, only the last piece of a send counts. */
static bool zerocopy_fill_admit(struct spg_ftrace_frame *frame)
{
	const struct iov_iter *from = (void *)spg_frame_argument(frame, SPG_FILL_SOCK + 2);
	size_t len = spg_frame_argument(frame, SPG_FILL_SOCK + 3);

	return iov_iter_count(from) <= len || !spg_live_only_logs(SPG_ZEROCOPY) ||
	       trace_verdict_enabled();
}

/* What both are proven with: an empty socket buffer of nobody's, to which nothing is added. */
static struct sk_buff *empty_skb(void)
{
	static struct sock nobody;
	struct sk_buff *skb = alloc_skb(0, GFP_KERNEL);

	if (!skb)
		return NULL;
	refcount_set(&nobody.sk_wmem_alloc, 1);
	skb->sk = &nobody;
	return skb;
}

static void free_empty_skb(struct sk_buff *skb)
{
	/* 5.10 may have tied it to our completion. */
	skb_shinfo(skb)->tx_flags = 0;
	skb->sk = NULL;
	kfree_skb(skb);
}

/* The locals have the names of the parameters; older kernels have fewer of them. */
static void zerocopy_stream_prove(void)
{
	void *binding __maybe_unused = NULL;
	struct ubuf_info empty_uarg = SPG_EMPTY_UBUF, *uarg = &empty_uarg;
	struct msghdr empty_msg = { }, *msg = &empty_msg;
	struct sk_buff *skb = empty_skb();
	struct sock *sk = NULL;
	int len = 0;

	if (!skb)
		return;
	refcount_set(&uarg->refcnt, 1);
	spg_entry(zerocopy_stream) SPG_STREAM_ARGUMENTS;
	free_empty_skb(skb);
}

static void zerocopy_fill_prove(void)
{
	void *binding __maybe_unused = NULL;
	struct msghdr *msg __maybe_unused = NULL;
	struct iov_iter nothing = { }, *from = &nothing;
	struct sk_buff *skb = empty_skb();
	struct sock *sk = NULL;
	size_t len = 0;

	if (!skb)
		return;
	spg_entry(zerocopy_fill) SPG_FILL_ARGUMENTS;
	free_empty_skb(skb);
}

static bool zerocopy_stream_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_ZEROCOPY) >= SPG_DEGRADE;
}

static bool zerocopy_fill_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_ZEROCOPY) != SPG_OFF;
}

struct spg_hook spg_zerocopy_stream_hook = {
	.names = spg_names("skb_zerocopy_iter_stream"),
	.standin = zerocopy_stream_stand_in,
	.bind = zerocopy_stream_bind,
	.prove = zerocopy_stream_prove,
	.needed = zerocopy_stream_needed,
};

struct spg_hook spg_zerocopy_fill_hook = {
	.names = spg_names("__zerocopy_sg_from_iter"),
	.standin = zerocopy_fill_stand_in,
	.bind = zerocopy_fill_bind,
	.prove = zerocopy_fill_prove,
	.needed = zerocopy_fill_needed,
	.admit = zerocopy_fill_admit,
};
