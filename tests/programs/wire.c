// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet socket at the other end of the wire sees of a zero-copy send that was edited
 * meanwhile: SHARED, if the edit, or COPIED.
 *
 *	wire ADDRESS NETNS DEVICE
 *
 * ADDRESS is at the far end, which is DEVICE in NETNS. What goes there is to be on its way for a
 * while.
 */
#include "common.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>

#define PORT 7777
#define LEN 1200
#define FIRST 'a'
#define EDITED 'b'

static int listen_at(const char *netns, const char *device)
{
	int home = open("/proc/self/ns/net", O_RDONLY), away = open(netns, O_RDONLY), fd;
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };

	if (setns(away, CLONE_NEWNET))
		die("%s", netns);
	fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	address.sll_ifindex = if_nametoindex(device);
	if (fd < 0 || bind(fd, (void *)&address, sizeof(address)))
		die("%s", device);
	setns(home, CLONE_NEWNET);
	return fd;
}

/* The last byte of the first packet that is long enough, or 0 after three seconds. */
static char seen(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char packet[2000];
	ssize_t n;

	while (poll(&poll_fd, 1, 3000) == 1) {
		n = recv(fd, packet, sizeof(packet), 0);
		if (n >= LEN)
			return packet[n - 1];
	}
	return 0;
}

static void report(const char *row, char last)
{
	printf("%s %s\n", row, last == EDITED ? "SHARED" : last == FIRST ? "COPIED" : "LOST");
}

/* @file: memory is a mapping of a file, and it is the file that is written to. */
static void send_and_edit(const char *row, int fd, int tap, bool file)
{
	int source = memfd_create("source", 0);
	char *memory, text[LEN];

	if (ftruncate(source, PAGE))
		die("memfd");
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, file ? MAP_SHARED : MAP_PRIVATE, source, 0);
	memset(memory, FIRST, PAGE);
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 }, sizeof(int)) || send(fd, memory, LEN, MSG_ZEROCOPY) != LEN) {
		printf("%s %s\n", row, strerrorname_np(errno));
		return;
	}
	memset(text, EDITED, LEN);
	if (!file)
		memset(memory, EDITED, LEN);
	munmap(memory, PAGE);
	if (file && pwrite(source, text, LEN, 0) != LEN)
		die("pwrite");
	report(row, seen(tap));
	close(source);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct tcp_repair_window window = { .snd_wnd = 65535, .max_window = 65535, .rcv_wnd = 65535 };
	int tap, udp, tcp, file;

	if (argc != 4)
		return 64;
	inet_pton(AF_INET, argv[1], &address.sin_addr);
	tap = listen_at(argv[2], argv[3]);
	for (file = 0; file < 2; file++) {
		udp = socket(AF_INET, SOCK_DGRAM, 0);
		if (connect(udp, (void *)&address, sizeof(address)))
			die("udp");
		send_and_edit(file ? "udp,file" : "udp,memory", udp, tap, file);
		close(udp);
		/* A connection that the other end knows nothing of. */
		tcp = socket(AF_INET, SOCK_STREAM, 0);
		if (setsockopt(tcp, IPPROTO_TCP, TCP_REPAIR, &(int){ 1 }, sizeof(int)) ||
		    connect(tcp, (void *)&address, sizeof(address)) ||
		    setsockopt(tcp, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, sizeof(window)) ||
		    setsockopt(tcp, IPPROTO_TCP, TCP_REPAIR, &(int){ -1 }, sizeof(int)))
			die("tcp");
		send_and_edit(file ? "tcp,file" : "tcp,memory", tcp, tap, file);
		close(tcp);
	}
	return 0;
}
