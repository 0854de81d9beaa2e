/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets to send to: TCP, a unix socket, or TCP with kTLS in software; and the end that takes what
 * is sent, without looking at it where the socket lets it, so that only what the sender does differs.
 */
#ifndef BENCH_SINKS_H
#define BENCH_SINKS_H

#include <linux/tls.h>
#include "bench.h"

#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

/* How much a receiver takes at most. */
#define ROOM (1 << 18)

struct sink {
	int to, from;
	size_t size;
	enum { SINK_TCP, SINK_UNIX, SINK_TLS } kind;
	/* How many bytes the records of a slice add to it. */
	int overhead[2];
	uint64_t records;
	char *memory;
};

static inline void open_tls(struct sink *sink)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info = { .version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128 },
		.key = "the key of all.", .salt = "abc", .iv = "1234567",
	};

	make_pipe(sink->overhead);
	if (setsockopt(sink->to, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) ||
	    setsockopt(sink->to, SOL_TLS, TLS_TX, &info, sizeof(info)))
		die("kTLS");
}

static inline void open_sink(struct sink *sink, const char *kind, size_t size)
{
	int ends[2];

	sink->size = size;
	if (!strcmp(kind, "unix")) {
		sink->kind = SINK_UNIX;
		unix_pair(SOCK_STREAM, ends);
	} else {
		sink->kind = strcmp(kind, "tls") ? SINK_TCP : SINK_TLS;
		inet_pair(SOCK_STREAM, ends);
	}
	sink->from = ends[0];
	sink->to = ends[1];
	sink->memory = malloc(ROOM);
	if (!sink->memory)
		die("malloc");
	if (sink->kind == SINK_TLS)
		open_tls(sink);
}

/* For the sender, at the end of a slice. */
static inline void end_slice(struct sink *sink)
{
	struct tls12_crypto_info_aes_gcm_128 info;
	socklen_t len = sizeof(info);
	uint64_t records = 0;
	size_t bytes;

	if (sink->kind != SINK_TLS)
		return;
	if (getsockopt(sink->to, SOL_TLS, TLS_TX, &info, &len))
		die("TLS_TX");
	for (size_t i = 0; i < sizeof(info.rec_seq); i++)
		records = records << 8 | info.rec_seq[i];
	/* Header, explicit nonce and tag. */
	bytes = (records - sink->records) * (5 + 8 + 16);
	sink->records = records;
	if (write(sink->overhead[1], &bytes, sizeof(bytes)) != sizeof(bytes))
		die("overhead");
}

static inline void take(struct sink *sink, size_t left)
{
	while (left) {
		ssize_t n = recv(sink->from, sink->memory, left < ROOM ? left : ROOM,
				 sink->kind == SINK_UNIX ? 0 : MSG_TRUNC);

		if (n <= 0)
			die("recv");
		left -= n;
	}
}

/* The other end. */
static inline void run_taker(void *context, size_t calls)
{
	struct sink *sink = context;
	size_t bytes;

	take(sink, calls * sink->size);
	if (sink->kind != SINK_TLS)
		return;
	if (read(sink->overhead[0], &bytes, sizeof(bytes)) != sizeof(bytes))
		die("overhead");
	take(sink, bytes);
}

#endif
