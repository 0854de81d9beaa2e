// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command with audit on, and prints each record that the kernel makes meanwhile, as "TYPE TEXT". No auditd is needed.
 *
 *	audit COMMAND...
 */
#include "common.h"
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>

static void switch_audit(int fd, int enabled)
{
	struct {
		struct nlmsghdr header;
		struct audit_status status;
	} request = {
		.header = {
			.nlmsg_len = sizeof(request), .nlmsg_type = AUDIT_SET, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.status = { .mask = AUDIT_STATUS_ENABLED, .enabled = enabled },
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char more[1000];
	} answer;

	if (send(fd, &request, sizeof(request), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		die("audit");
	errno = -answer.error.error;
	if (answer.header.nlmsg_type != NLMSG_ERROR || errno)
		die("audit");
}

int main(int argc, char **argv)
{
	struct sockaddr_nl log = { .nl_family = AF_NETLINK, .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1) };
	int control = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), records = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
	struct pollfd poll_fd = { .fd = records, .events = POLLIN };
	struct {
		struct nlmsghdr header;
		char text[9000];
	} record;
	ssize_t n;
	int child;

	if (argc < 2)
		return 64;
	if (bind(records, (void *)&log, sizeof(log)))
		die("bind");
	switch_audit(control, 1);
	child = fork();
	if (!child) {
		dup2(2, 1);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	waitpid(child, NULL, 0);
	while (poll(&poll_fd, 1, 300) > 0 && (n = recv(records, &record, sizeof(record), 0)) > 0)
		printf("%d %.*s\n", record.header.nlmsg_type, (int)(n - sizeof(record.header)), record.text);
	switch_audit(control, 0);
	return 0;
}
