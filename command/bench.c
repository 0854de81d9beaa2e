// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard bench: what modes cost on this machine. The measuring is done by bench/here.sh.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "files.h"
#include "module.h"

#define PARTS 4

static const char *const parts[PARTS] = { "moves", "calls", "scale", "nginx" };

static bool is_part(const char *name)
{
	int i;

	for (i = 0; i < PARTS; i++)
		if (!strcmp(name, parts[i]))
			return true;
	return false;
}

/* Going through the modes takes the right to set them. */
static int may_go_through_modes(void)
{
	struct module module;

	if (geteuid()) {
		complain("going through the modes takes root; without --modes, the one in force is measured");
		return ENDING_NO_PRIVILEGE;
	}
	module_look(&module);
	if (module.loaded && module.policy.locked) {
		complain("kernel.splice_mode_locked is 1, so the modes cannot be gone through");
		return ENDING_FAILED;
	}
	return 0;
}

static int run_bench(int argc, char **argv)
{
	static const struct option options[] = {
		{ "modes", no_argument, NULL, 'm' },
		{ "output", required_argument, NULL, 'o' },
		LAST_OPTIONS
	};
	char *output = "spliceguard-bench";
	char program[PATH_MAX], *arguments[PARTS + 3] = { program };
	bool modes = false;
	int letter, code, i;

	while ((letter = next_option(argc, argv, "hmo:", options)) != -1) {
		modes |= letter == 'm';
		if (letter == 'o')
			output = optarg;
	}
	arguments[1] = output;
	if (argc - optind > PARTS)
		return misused("'%s' is too much", argv[optind + PARTS]);
	for (i = optind; i < argc; i++) {
		if (!is_part(argv[i]))
			return misused("there is no part '%s' (moves, calls, scale, nginx)",
				       argv[i]);
		arguments[2 + i - optind] = argv[i];
	}
	if (modes) {
		code = may_go_through_modes();
		if (code)
			return code;
		fprintf(stderr, "In turn off, log, degrade and block are in force for all programs; the present mode comes back at the end.\n");
		setenv("MODES", "here", 1);
	} else {
		unsetenv("MODES");
	}
	path_of(program, "/usr/lib/spliceguard/bench/here.sh");
	execv(program, arguments);
	complain("%s cannot be run: %s", program, strerror(errno));
	return ENDING_FAILED;
}

const struct command bench_command = {
	.name = "bench",
	.arguments = "[--modes] [--output DIR] [PART]...",
	.summary = "what modes cost on this machine",
	.help =
	"Moves bytes as programs with zero-copy calls do, and as programs without, and says what each way takes\n"
	"of processor time: as a report with the project's targets, as CSV, and as a picture where gnuplot is\n"
	"installed. Some minutes. Measures the mode that is in force and needs no privilege for that.\n"
	"\n"
	"  -m, --modes         go through off, log, degrade and block. Needs root; while that lasts, the mode\n"
	"                      that was in force is not, and comes back at the end, also when interrupted.\n"
	"                      Where the module is not loaded, it is loaded meanwhile, and stock is the kernel\n"
	"                      without it; else stock is what off is\n"
	"  -o, --output DIR    where the files go (spliceguard-bench)\n"
	"\n"
	"Parts: moves (processor time per byte), calls (the least that a call takes), scale (a second processor)\n"
	"and nginx (requests per second of its processor time; takes root, nginx, wrk and openssl). All, if none\n"
	"is given. Other load on the machine disturbs; ratios tell more than times.\n"
	"\n"
	"Examples:\n"
	"  spliceguard bench\n"
	"  spliceguard bench --modes --output /root/bench moves calls\n",
	.run = run_bench,
};
