/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments: pages of socket buffers that have been sent, used again.
 */
#ifndef SPG_FRAGS_H
#define SPG_FRAGS_H

#include <linux/net_tstamp.h>
#include <linux/sizes.h>
#include <net/tcp.h>
#include "compat.h"

struct bio_vec;

#define SPG_FRAGS_SIZE (PAGE_SIZE > SZ_32K ? PAGE_SIZE : SZ_32K)
/* Less than this is not worth a send of its own. */
#define SPG_FRAGS_REST (SPG_FRAGS_SIZE / 8)
/* For more than this in one piece, too much would be left at the ends of fragments. */
#define SPG_FRAGS_PIECE (SPG_FRAGS_SIZE / 4)

/**
 * spg_may_be_cut() - may what is sent go in pieces?
 * @sk: the socket
 *
 * A fragment's room makes a message of its own: where messages cannot be told apart, nor pieces of
 * one. An upper-layer protocol, or a BPF program of a sockmap, gets to see each; timestamps count
 * them.
 *
 * Return: whether they may, which only TCP may.
 */
static inline bool spg_may_be_cut(const struct sock *sk)
{
	return READ_ONCE(sk->sk_prot)->sendmsg == tcp_sendmsg &&
	       !(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_TX_RECORD_MASK) &&
	       !spg_has_bpf_timestamps(sk);
}

size_t spg_frags_renew(struct sock *sk, size_t len, size_t least);
#ifdef SPG_HAVE_DIRECT
int spg_frags_claim(struct sock *sk, size_t len, struct bio_vec *piece);
void spg_frags_settle(const struct bio_vec *piece, size_t sent);
#endif
void spg_frags_init(void);
void spg_frags_exit(void);

#endif
