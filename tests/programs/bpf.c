// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF programs where hooks are, as root may have them.
 *
 *	bpf HOW FUNCTION...
 *	bpf sysctl
 *	bpf sockopt
 *
 * Attaches a program to each function, and says for each what the kernel answered: "FUNCTION attached", or at which step it said no and
 * why, as in "FUNCTION load EINVAL". Then says "ready", waits until its standard input ends, and tells how often the programs ran.
 *
 * HOW is
 *
 *	kprobe, kretprobe, multi	a program at a kprobe, at a return, and at many functions at once
 *	override			one there that answers in the function's stead
 *	registers			one there that changes where the function goes on
 *	fentry, fexit, fmod_ret		a trampoline, and one that lets the function run
 *	fentry-multi, fexit-multi	trampolines for many functions at once
 *	answer				fmod_ret that answers EXDEV in the function's stead
 *
 * sysctl makes each text that is written to a knob "off". sockopt turns SO_KEEPALIVE into SO_ZEROCOPY, and tells which sockets have
 * that when they are given SO_KEEPALIVE.
 */
#include "bpf.h"
#include "common.h"
#include <linux/btf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>

/* Newer than the headers. */
#define TRACE_FENTRY_MULTI 60
#define TRACE_FEXIT_MULTI 61

static const char *how;
static int counter;

static bool is(const char *name)
{
	return !strcmp(how, name);
}

static void answer(const char *function, const char *step)
{
	const char *name = strerrorname_np(errno);

	if (step)
		printf("%s %s %s\n", function, step, name ? name : "ENOTSUPP");
	else
		printf("%s attached\n", function);
}

/* Programs */

#define COUNT INSN(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_VALUE, 0, counter), INSN(0, 0, 0, 0, 0), \
	INSN_SET(2, 1), INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_ADD)

static int load_counting(union bpf_attr attr, int result)
{
	const struct bpf_insn code[] = { COUNT, INSN_SET(0, result), INSN_END };

	return bpf_load(attr, code, ARRAY_SIZE(code));
}

static int load_kprobe(void)
{
	const struct bpf_insn overriding[] = { INSN_SET(2, 0), INSN_CALL(BPF_FUNC_override_return), INSN_SET(0, 0), INSN_END };
	/* The instruction pointer, in struct pt_regs. */
	const struct bpf_insn moving[] = { INSN_SET(2, 0), INSN(BPF_STX | BPF_MEM | BPF_DW, 1, 2, 128, 0), INSN_SET(0, 0), INSN_END };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_KPROBE };

	if (is("override"))
		return bpf_load(attr, overriding, ARRAY_SIZE(overriding));
	if (is("registers"))
		return bpf_load(attr, moving, ARRAY_SIZE(moving));
	if (is("multi"))
		attr.expected_attach_type = BPF_TRACE_KPROBE_MULTI;
	return load_counting(attr, 0);
}

/* Kernel functions by BTF: in the kernel's own, or in the module's, whose types and strings go on where the kernel's end. */

struct btf {
	char *data;
	uint32_t types, strings;
};

static struct btf kernel, module;

static const struct btf_header *header_of(const struct btf *btf)
{
	return (void *)btf->data;
}

static bool read_btf(const char *file, struct btf *btf)
{
	int fd = open(file, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return false;
	btf->data = malloc(st.st_size);
	if (read_all(fd, btf->data, st.st_size) != (size_t)st.st_size)
		die("%s", file);
	close(fd);
	return true;
}

/* What follows a type is as long as its kind and count say. */
static size_t size_of_type(const struct btf_type *type)
{
	size_t count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(*type) + 4;
	case BTF_KIND_ARRAY:
		return sizeof(*type) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return sizeof(*type) + count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return sizeof(*type) + count * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return sizeof(*type) + count * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*type) + count * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return sizeof(*type) + count * sizeof(struct btf_var_secinfo);
	default:
		return sizeof(*type);
	}
}

/* The number of the function, or 0. @base comes before it, if it is not NULL. */
static uint32_t find_in(struct btf *btf, const struct btf *base, const char *function)
{
	const struct btf_header *header = header_of(btf);
	const char *types = btf->data + header->hdr_len + header->type_off, *at = types;
	const char *strings = btf->data + header->hdr_len + header->str_off;
	uint32_t first = base ? base->types : 1, before = base ? base->strings : 0;
	uint32_t id, found = 0;

	for (id = first; at < types + header->type_len; id++) {
		const struct btf_type *type = (void *)at;

		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC && type->name_off >= before && !strcmp(strings + type->name_off - before, function))
			found = id;
		at += size_of_type(type);
	}
	btf->types = id;
	btf->strings = header->str_len;
	return found;
}

/* Returns a descriptor of the module's BTF. */
static int open_module_btf(void)
{
	uint32_t id = 0;
	char name[64];

	for (;;) {
		struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
		union bpf_attr next = { .start_id = id }, ask = { };

		if (bpf(BPF_BTF_GET_NEXT_ID, &next))
			die("the module's BTF is nowhere");
		id = next.next_id;
		ask.info.bpf_fd = bpf(BPF_BTF_GET_FD_BY_ID, &(union bpf_attr){ .btf_id = id });
		ask.info.info_len = sizeof(info);
		ask.info.info = (uintptr_t)&info;
		if (!bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) && info.kernel_btf && !strcmp(name, "spliceguard"))
			return ask.info.bpf_fd;
		close(ask.info.bpf_fd);
	}
}

static uint32_t find_function(const char *function, int *btf)
{
	uint32_t id;

	*btf = 0;
	if (!kernel.data && !read_btf("/sys/kernel/btf/vmlinux", &kernel))
		die("this kernel has no BTF");
	id = find_in(&kernel, NULL, function);
	if (id || (!module.data && !read_btf("/sys/kernel/btf/spliceguard", &module)))
		return id;
	*btf = open_module_btf();
	return find_in(&module, &kernel, function);
}

/* Attaching: each returns the step that failed, or NULL. */

static const char *attach_kprobe(const char *function)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .kprobe_func = (uintptr_t)function, .config = is("kretprobe") };
	int program = load_kprobe(), fd;
	FILE *type = fopen("/sys/bus/event_source/devices/kprobe/type", "r");

	if (program < 0)
		return "load";
	if (!type || fscanf(type, "%u", &attr.type) != 1)
		die("no kprobe events");
	fclose(type);
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
	if (fd < 0)
		return "probe";
	return ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) ? "attach" : NULL;
}

static const char *attach_trampoline(const char *function)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_TRACING };
	int btf, program;

	attr.expected_attach_type = is("fentry") ? BPF_TRACE_FENTRY : is("fexit") ? BPF_TRACE_FEXIT : BPF_MODIFY_RETURN;
	attr.attach_btf_id = find_function(function, &btf);
	if (!attr.attach_btf_id) {
		errno = ENOENT;
		return "find";
	}
	attr.attach_btf_obj_fd = btf;
	program = load_counting(attr, is("answer") ? -EXDEV : 0);
	if (program < 0)
		return "load";
	return bpf(BPF_RAW_TRACEPOINT_OPEN, &(union bpf_attr){ .raw_tracepoint.prog_fd = program }) < 0 ? "attach" : NULL;
}

static const char *attach_many_kprobes(char **functions, int count)
{
	union bpf_attr attr = { .link_create.prog_fd = load_kprobe(), .link_create.attach_type = BPF_TRACE_KPROBE_MULTI };

	if ((int)attr.link_create.prog_fd < 0)
		return "load";
	attr.link_create.kprobe_multi.cnt = count;
	attr.link_create.kprobe_multi.syms = (uintptr_t)functions;
	return bpf(BPF_LINK_CREATE, &attr) < 0 ? "attach" : NULL;
}

static const char *attach_many_trampolines(char **functions, int count)
{
	union bpf_attr program = { .prog_type = BPF_PROG_TYPE_TRACING };
	union bpf_attr link = { };
	uint32_t ids[count];
	/* In BPF_LINK_CREATE's part of it: the numbers, cookies, and how many. */
	uint64_t *many = (uint64_t *)&link + 2;
	int i, btf;

	for (i = 0; i < count; i++) {
		ids[i] = find_function(functions[i], &btf);
		if (!ids[i] || btf) {
			errno = ENOENT;
			return "find";
		}
	}
	program.expected_attach_type = is("fentry-multi") ? TRACE_FENTRY_MULTI : TRACE_FEXIT_MULTI;
	link.link_create.attach_type = program.expected_attach_type;
	link.link_create.prog_fd = load_counting(program, 0);
	if ((int)link.link_create.prog_fd < 0)
		return "load";
	many[0] = (uintptr_t)ids;
	many[2] = count;
	return bpf(BPF_LINK_CREATE, &link) < 0 ? "attach" : NULL;
}

/* By a link, which goes when this process does. */
static const char *attach_to_cgroup(int program, int type)
{
	union bpf_attr attr = { .link_create.prog_fd = program, .link_create.attach_type = type };

	if (program < 0)
		return "load";
	attr.link_create.target_fd = open("/sys/fs/cgroup", O_RDONLY);
	return bpf(BPF_LINK_CREATE, &attr) < 0 ? "attach" : NULL;
}

static const char *attach_sysctl(void)
{
	const struct bpf_insn code[] = {
		INSN_GET(BPF_W, 2, 1, offsetof(struct bpf_sysctl, write)),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 9, 0),
		INSN_STORE(BPF_W, 10, -8, 'o' | 'f' << 8 | 'f' << 16),
		INSN_COPY(2, 10), INSN_PLUS(2, -8), INSN_SET(3, 3), INSN_CALL(BPF_FUNC_sysctl_set_new_value),
		COUNT,
		INSN_SET(0, 1), INSN_END
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_SYSCTL, .expected_attach_type = BPF_CGROUP_SYSCTL };

	return attach_to_cgroup(bpf_load(attr, code, ARRAY_SIZE(code)), BPF_CGROUP_SYSCTL);
}

static const char *attach_sockopt(void)
{
	const struct bpf_insn code[] = {
		INSN_GET(BPF_W, 2, 1, offsetof(struct bpf_sockopt, optname)),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 6, SO_KEEPALIVE),
		INSN_SET(2, SO_ZEROCOPY), INSN(BPF_STX | BPF_MEM | BPF_W, 1, 2, offsetof(struct bpf_sockopt, optname), 0),
		COUNT,
		INSN_SET(0, 1), INSN_END
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_SOCKOPT, .expected_attach_type = BPF_CGROUP_SETSOCKOPT };

	return attach_to_cgroup(bpf_load(attr, code, ARRAY_SIZE(code)), BPF_CGROUP_SETSOCKOPT);
}

/* Which sockets have SO_ZEROCOPY once they were given SO_KEEPALIVE. */
static void give_keepalive(const char *name, int family, int type)
{
	int fd = socket(family, type, 0), has = 0;
	socklen_t len = sizeof(has);

	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int)))
		answer(name, "option");
	else if (!getsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &has, &len))
		printf("%s %s\n", name, has ? "zerocopy" : "plain");
	close(fd);
}

static const char *attach_one(const char *function)
{
	if (is("kprobe") || is("kretprobe") || is("override") || is("registers"))
		return attach_kprobe(function);
	return attach_trampoline(function);
}

int main(int argc, char **argv)
{
	int count = argc - 2, i;
	uint64_t ran = 0;
	char c;

	if (argc < 2) {
		fprintf(stderr, "usage: bpf HOW FUNCTION...\n");
		return 64;
	}
	how = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	counter = bpf_map(BPF_MAP_TYPE_ARRAY, 4, 8);
	if (counter < 0)
		die("no BPF here");
	if (is("sysctl")) {
		answer("knobs", attach_sysctl());
	} else if (is("sockopt")) {
		answer("options", attach_sockopt());
		give_keepalive("tcp", AF_INET, SOCK_STREAM);
		give_keepalive("rds", AF_RDS, SOCK_SEQPACKET);
	} else if (is("multi")) {
		answer("all", attach_many_kprobes(argv + 2, count));
	} else if (is("fentry-multi") || is("fexit-multi")) {
		answer("all", attach_many_trampolines(argv + 2, count));
	} else {
		for (i = 2; i < argc; i++)
			answer(argv[i], attach_one(argv[i]));
	}
	printf("ready\n");
	while (read(0, &c, 1) > 0)
		;
	bpf(BPF_MAP_LOOKUP_ELEM, &(union bpf_attr){ .map_fd = counter, .key = (uintptr_t)&(int){ 0 }, .value = (uintptr_t)&ran });
	printf("ran %llu\n", (unsigned long long)ran);
	return 0;
}
