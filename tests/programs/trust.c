// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is trusted: who moves what where, and whether it goes by reference.
 *
 *	trust [OPTION]... FILE PATH
 *	trust -i FILE...
 *
 * Moves the first page of FILE along a path, as the user that the options name, then has root overwrite FILE, and prints what the sink
 * shows: SHARED, COPIED, LOST or ENAME, as the oracle does. FILE is opened for reading by root, as by a service that drops its rights
 * later; it may be "memfd:", or "memfd:SEALS", a number. -i only fills files, and has them on disk.
 *
 *	-f			FILE is filled first
 *	-s			FILE has a capability
 *	-u UID:GID[,GROUP]...	who moves it from the source; without, whoever runs this
 *	-t UID:GID[,GROUP]...	who moves it to the sink
 *	-p			another process with the same rights moves it to the sink
 *	-n			both are root in a user namespace of their own
 *	-l			both are in a Landlock domain that lets nothing be written
 *	-a PROFILE		both are in this AppArmor profile
 *	-r CAP			both have capability number CAP
 *	-c NAME			the name by which root overwrites FILE, if not its own
 *	-m			FILE is mapped meanwhile
 *	-k TEXT			root writes TEXT to kernel.splice_trust between source and sink
 *	-o FILE			another file, for the paths that mix two
 */
#include "bpf.h"
#include "common.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kcm.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/xattr.h>

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_restrict_self 446
#endif

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[8];
	int count;
};

static const struct user root;
static struct user source_user, sink_user;
static bool in_namespace, in_landlock, another_process, is_mapped, one_user, two_users, filled_anew, blessed;
static const char *profile, *change_name, *other_name, *knob_text;
static int capability = -1;
static int other_fd = -1;

/* Root, who makes the changes: a process of its own. */
static int root_request[2], root_answer[2];

static int change_file(const char *name, int fd)
{
	static char text[PAGE];
	int writer = name ? open(name, O_WRONLY) : fd;
	long flags = 0;

	if (writer < 0 && (errno == EPERM || errno == ETXTBSY)) {
		/* Not to be written, or to be appended to only: root knows how. */
		int reader = open(name, O_RDONLY);

		ioctl(reader, FS_IOC_GETFLAGS, &flags);
		flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
		ioctl(reader, FS_IOC_SETFLAGS, &flags);
		close(reader);
		writer = open(name, O_WRONLY);
	}
	memset(text, 'X', sizeof(text));
	if (pwrite(writer, text, sizeof(text), 0) != sizeof(text)) {
		/* A sealed memfd may still be cut, which clears the rest of the page. */
		if (ftruncate(writer, 1))
			return errno;
	}
	if (name)
		close(writer);
	return 0;
}

static int change_knob(void)
{
	int fd = open("/proc/sys/kernel/splice_trust", O_WRONLY);
	int err = write(fd, knob_text, strlen(knob_text)) < 0 ? errno : 0;

	close(fd);
	return err;
}

static void be_root(const char *name, int fd)
{
	char c;

	while (read(root_request[0], &c, 1) == 1) {
		int err = c == 'k' ? change_knob() : change_file(name, fd);

		if (!err && c != 'k' && other_name)
			err = change_file(other_name, -1);
		write(root_answer[1], &err, sizeof(err));
	}
	_exit(0);
}

static void have_root(char what)
{
	int err;

	write(root_request[1], &what, 1);
	read(root_answer[0], &err, sizeof(err));
	if (err) {
		errno = err;
		die("root cannot change the %s", what == 'k' ? "knob" : "file");
	}
}

static void parse_user(const char *text, struct user *user)
{
	char *end;

	user->uid = strtoul(text, &end, 10);
	if (*end++ != ':')
		die("user %s", text);
	user->gid = strtoul(end, &end, 10);
	while (*end == ',' && user->count < 8)
		user->groups[user->count++] = strtoul(end + 1, &end, 10);
}

static void keep_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (capability < 0)
		return;
	if (syscall(SYS_capget, &header, data))
		die("capget");
	data[capability / 32].effective |= 1u << capability % 32;
	if (syscall(SYS_capset, &header, data))
		die("capset");
}

/* Only what is effective counts; what is permitted lets the next one be somebody else. */
static void become(const struct user *user)
{
	if (seteuid(0) || setgroups(user->count, user->groups) || setegid(user->gid) || seteuid(user->uid))
		die("become %u:%u", user->uid, user->gid);
	if (user->uid)
		keep_capability();
}

static void write_to(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("%s", file);
	close(fd);
}

static void enter_namespace(void)
{
	char map[64];

	/* For good: from here on nobody outside listens to it. */
	if (setgroups(source_user.count, source_user.groups) || setresgid(source_user.gid, source_user.gid, source_user.gid) ||
	    setresuid(source_user.uid, source_user.uid, source_user.uid))
		die("become %u:%u", source_user.uid, source_user.gid);
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER))
		die("unshare");
	write_to("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", source_user.uid);
	write_to("/proc/self/uid_map", map);
	/* A number that means something outside. */
	snprintf(map, sizeof(map), "5000 %u 1", source_user.gid);
	write_to("/proc/self/gid_map", map);
}

static void enter_landlock(void)
{
	uint64_t handled = 1 << 1; /* LANDLOCK_ACCESS_FS_WRITE_FILE */
	int ruleset = syscall(__NR_landlock_create_ruleset, &handled, sizeof(handled), 0);

	if (ruleset < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(__NR_landlock_restrict_self, ruleset, 0))
		die("landlock");
	close(ruleset);
}

static void enter_profile(void)
{
	char text[256];

	snprintf(text, sizeof(text), "changeprofile %s", profile);
	write_to("/proc/self/attr/current", text);
}

/* Paths: move one page from @fd; the bytes come out of *sink. */

struct pair {
	int from, to;
};

/* Into a BPF sockmap, with a program that judges each message, and lets it pass, or without. */
static void have_sockmap_take(int tcp, bool judged)
{
	const struct bpf_insn pass[] = { INSN_SET(0, SK_PASS), INSN_END };
	int map = bpf_map(BPF_MAP_TYPE_SOCKMAP, 4, 4), program;
	union bpf_attr add = { .map_fd = map, .key = (uintptr_t)&(int){ 0 }, .value = (uintptr_t)&tcp };

	if (judged) {
		program = bpf_load((union bpf_attr){ .prog_type = BPF_PROG_TYPE_SK_MSG }, pass, ARRAY_SIZE(pass));
		if (bpf(BPF_PROG_ATTACH, &(union bpf_attr){ .target_fd = map, .attach_bpf_fd = program, .attach_type = BPF_SK_MSG_VERDICT }))
			die("no verdict on messages");
	}
	if (bpf(BPF_MAP_UPDATE_ELEM, &add))
		die("no sockmap here");
}

/* Returns the KCM socket that sends over it. What comes in would be one message. */
static int have_kcm_take(int tcp)
{
	const struct bpf_insn whole[] = { INSN_GET(BPF_W, 0, 1, offsetof(struct __sk_buff, len)), INSN_END };
	struct kcm_attach attach = { .fd = tcp };
	int kcm = socket(AF_KCM, SOCK_DGRAM, KCMPROTO_CONNECTED);

	attach.bpf_fd = bpf_load((union bpf_attr){ .prog_type = BPF_PROG_TYPE_SOCKET_FILTER }, whole, ARRAY_SIZE(whole));
	if (kcm < 0 || ioctl(kcm, SIOCKCMATTACH, &attach))
		die("no KCM here");
	return kcm;
}

static void have_tls_take(int tcp)
{
	/* Without keys it passes on what it is given, but it is not plain TCP any more. */
	if (setsockopt(tcp, IPPROTO_TCP, TCP_ULP, "tls", 4))
		die("no TLS here");
}

/* What takes a TCP socket over. Returns the socket to send to from then on. */
static int taken_by(const char *what, int tcp)
{
	if (!strcmp(what, "kcm"))
		return have_kcm_take(tcp);
	if (!strcmp(what, "tls"))
		have_tls_take(tcp);
	else
		have_sockmap_take(tcp, !strcmp(what, "verdict"));
	return tcp;
}

static struct pair sink_of(const char *kind)
{
	int ends[2] = { -1, -1 };

	if (!strncmp(kind, "tcp", 3) || !strcmp(kind, "tls") || !strcmp(kind, "kcm"))
		inet_pair(SOCK_STREAM, ends);
	else if (!strcmp(kind, "udp") || !strcmp(kind, "udp-encap"))
		inet_pair(SOCK_DGRAM, ends);
	else if (!strcmp(kind, "raw"))
		inet_pair_by(AF_INET6, SOCK_RAW, IPPROTO_TCP, ends, 0);
	else if (!strcmp(kind, "sctp"))
		inet_pair_by(AF_INET, SOCK_STREAM, IPPROTO_SCTP, ends, 0);
	else if (!strcmp(kind, "mptcp"))
		inet_pair_by(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, ends, 0);
	else if (!strcmp(kind, "unix"))
		unix_pair(SOCK_STREAM, ends);
	else if (!strcmp(kind, "seqpacket"))
		unix_pair(SOCK_SEQPACKET, ends);
	else if (strcmp(kind, "vsock"))
		make_pipe(ends);
	else if (vsock_pair(ends))
		die("no vsock here");
	if (!strcmp(kind, "tls") || !strcmp(kind, "kcm"))
		ends[1] = taken_by(kind, ends[1]);
	/* The socket that is beneath. */
	if (!strncmp(kind, "tcp-", 4))
		taken_by(kind + 4, ends[1]);
	/* UDP_ENCAP_ESPINUDP */
	if (!strcmp(kind, "udp-encap") && setsockopt(ends[1], IPPROTO_UDP, 100, &(int){ 2 }, sizeof(int)))
		die("no UDP_ENCAP here");
	return (struct pair){ ends[0], ends[1] };
}

/*
 * The second half is the sink's user's: the same process, or another. In the other's address space, what fails is known by its exit
 * code.
 */
static ssize_t as_sink_user(int from, int to, size_t len)
{
	int status;
	pid_t child;

	if (knob_text)
		have_root('k');
	if (!another_process) {
		/* Even to become who one is gives new credentials. */
		if (two_users)
			become(&sink_user);
		return splice(from, NULL, to, NULL, len, 0);
	}
	child = fork();
	if (!child)
		_exit(splice(from, NULL, to, NULL, len, 0) == (ssize_t)len ? 0 : errno);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		die("the other process");
	errno = WEXITSTATUS(status);
	return errno ? -1 : (ssize_t)len;
}

static ssize_t move(const char *how, int fd, const struct pair *sink)
{
	static char *memory;
	loff_t start = 0, other_start = 0;
	int ends[2], more[2];
	ssize_t n;

	if (!strcmp(how, "sendfile"))
		return sendfile(sink->to, fd, &start, PAGE);
	make_pipe(ends);
	if (!strcmp(how, "end") || !strcmp(how, "header")) {
		char text[PAGE];

		fill_pattern(text, PAGE, 0, 0);
		if (!strcmp(how, "header"))
			write(ends[1], text, PAGE);
		else
			close(ends[1]);
		return splice(ends[0], NULL, sink->to, NULL, PAGE, 0);
	}
	if (!strcmp(how, "splice")) {
		n = splice(fd, &start, ends[1], NULL, PAGE, 0);
		return n < 0 ? n : as_sink_user(ends[0], sink->to, n);
	}
	if (!strcmp(how, "tee")) {
		make_pipe(more);
		n = splice(fd, &start, ends[1], NULL, PAGE, 0);
		if (n > 0)
			n = tee(ends[0], more[1], PAGE, 0);
		return n < 0 ? n : as_sink_user(more[0], sink->to, n);
	}
	if (!strcmp(how, "move")) {
		make_pipe(more);
		n = splice(fd, &start, ends[1], NULL, PAGE, 0);
		if (n > 0)
			n = splice(ends[0], NULL, more[1], NULL, PAGE, 0);
		return n < 0 ? n : as_sink_user(more[0], sink->to, n);
	}
	/* A page of each kind, the file's in the middle: all through one pipe. */
	if (!strcmp(how, "mixed")) {
		char text[PAGE];

		fill_pattern(text, PAGE, 0, 0);
		if (splice(other_fd, &other_start, ends[1], NULL, PAGE, 0) != PAGE || splice(fd, &start, ends[1], NULL, PAGE, 0) != PAGE ||
		    write(ends[1], text, PAGE) != PAGE)
			return -1;
		return as_sink_user(ends[0], sink->to, 3 * PAGE);
	}
	/* Memory is no file; the change to it is made here. */
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill_pattern(memory, PAGE, 0, 0);
	if (!strcmp(how, "vmsplice")) {
		struct iovec iov = { memory, PAGE };

		n = vmsplice(ends[1], &iov, 1, 0);
		if (n > 0)
			n = as_sink_user(ends[0], sink->to, n);
	} else if (!strcmp(how, "zerocopy")) {
		if (setsockopt(sink->to, SOL_SOCKET, 60 /* SO_ZEROCOPY */, &(int){ 1 }, sizeof(int)))
			return -1;
		n = send(sink->to, memory, PAGE, 0x4000000 /* MSG_ZEROCOPY */);
	} else {
		die("unknown path %s", how);
	}
	memset(memory, 'X', PAGE);
	return n;
}

static const char *judge(int fd)
{
	char sent[PAGE], got[PAGE];
	size_t n;

	fill_pattern(sent, PAGE, 0, 0);
	ualarm(500000, 0);
	n = read_all(fd, got, PAGE);
	alarm(0);
	if (n != PAGE)
		return "LOST";
	if (!memcmp(got, sent, PAGE))
		return "COPIED";
	return got[PAGE - 1] == 'X' || !got[PAGE - 1] ? "SHARED" : "BROKEN";
}

static void give_up(int number)
{
	(void)number;
}

static int open_source(const char *name)
{
	char text[PAGE];
	int fd, writer;

	fill_pattern(text, PAGE, 0, 0);
	if (strncmp(name, "memfd:", 6)) {
		fd = open(name, O_RDONLY);
		if (fd < 0)
			die("%s", name);
		return fd;
	}
	writer = memfd_create("trust", MFD_ALLOW_SEALING);
	if (pwrite(writer, text, PAGE, 0) != PAGE)
		die("memfd");
	if (name[6] && fcntl(writer, F_ADD_SEALS, atoi(name + 6)))
		die("seals %s", name + 6);
	return writer;
}

static void fill(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0644);
	char text[PAGE];

	fill_pattern(text, PAGE, 0, 0);
	if (fd < 0 || pwrite(fd, text, PAGE, 0) != PAGE || fsync(fd) || close(fd))
		die("cannot fill %s", name);
}

/* A capability that goes with the file, as setcap gives one. */
static void bless(const char *name)
{
	struct vfs_cap_data cap = { .magic_etc = VFS_CAP_REVISION_2, .data[0].permitted = 1 << CAP_NET_RAW };

	if (setxattr(name, "security.capability", &cap, sizeof(cap), 0))
		die("setxattr");
}

/* A call that waits on an empty pipe; then something may take the socket over, and only then a page comes. */
static ssize_t late(const char *taker, int fd, const struct pair *sink)
{
	loff_t start = 0;
	int ends[2], status;
	pid_t child;

	make_pipe(ends);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(splice(ends[0], NULL, sink->to, NULL, PAGE, 0) == PAGE ? 0 : errno);
	}
	usleep(100000);
	if (*taker) {
		/* BPF is root's. */
		become(&root);
		taken_by(taker, sink->to);
		if (one_user)
			become(&source_user);
	}
	if (splice(fd, &start, ends[1], NULL, PAGE, 0) != PAGE)
		die("late");
	if (waitpid(child, &status, 0) != child || status)
		die("the call that waited");
	return PAGE;
}

static void run(const char *path, int fd)
{
	char how[32];
	const char *kind = strchr(path, ':');
	struct pair sink;
	int i, pieces;
	ssize_t n;

	if (!kind)
		die("unknown path %s", path);
	snprintf(how, sizeof(how), "%.*s", (int)(kind++ - path), path);
	sink = sink_of(kind);
	if (in_namespace)
		enter_namespace();
	else if (one_user)
		become(&source_user);
	if (in_landlock)
		enter_landlock();
	if (profile)
		enter_profile();
	pieces = strcmp(how, "mixed") ? 1 : 3;
	if (!strncmp(how, "late", 4))
		n = late(how[4] ? how + 5 : "", fd, &sink);
	else
		n = move(how, fd, &sink);
	if (n != pieces * PAGE) {
		printf("%s\n", n ? strerrorname_np(errno) : "END");
		return;
	}
	have_root('c');
	for (i = 0; i < pieces; i++)
		printf("%s%s", i ? "," : "", judge(sink.from));
	printf("\n");
}

int main(int argc, char **argv)
{
	const char *name;
	int option, fd;

	while ((option = getopt(argc, argv, "ifsu:t:pnlmk:a:r:c:o:")) != -1) {
		switch (option) {
		case 'i':
			while (optind < argc)
				fill(argv[optind++]);
			return 0;
		case 'f': filled_anew = true; break;
		case 's': blessed = true; break;
		case 'u': parse_user(optarg, &source_user); one_user = true; break;
		case 't': parse_user(optarg, &sink_user); two_users = true; break;
		case 'p': another_process = true; break;
		case 'n': in_namespace = true; break;
		case 'l': in_landlock = true; break;
		case 'm': is_mapped = true; break;
		case 'k': knob_text = optarg; break;
		case 'a': profile = optarg; break;
		case 'r': capability = atoi(optarg); break;
		case 'c': change_name = optarg; break;
		case 'o': other_name = optarg; break;
		default: return 64;
		}
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: trust [OPTION]... FILE PATH\n");
		return 64;
	}
	name = argv[optind++];
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = give_up }, NULL);

	if (filled_anew)
		fill(name);
	if (blessed)
		bless(name);
	fd = open_source(name);
	if (is_mapped && mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		die("mmap");
	if (other_name)
		other_fd = open_source(other_name);
	make_pipe(root_request);
	make_pipe(root_answer);
	if (!fork()) {
		/* Or its own end would keep it waiting. */
		close(root_request[1]);
		be_root(change_name ? change_name : strncmp(name, "memfd:", 6) ? name : NULL, fd);
	}
	run(argv[optind], fd);
	return 0;
}
