// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of policy, in user space: every policy there is, and texts good and bad. TAP on standard output. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy.h"

static int tests, failures;

#define CHECK(condition, ...)						\
	do {								\
		bool good = (condition);				\
									\
		tests++;						\
		failures += !good;					\
		printf("%sok %d - ", good ? "" : "not ", tests);	\
		printf(__VA_ARGS__);					\
		printf("\n");						\
	} while (0)

static struct spg_policy parse(const char *text)
{
	struct spg_policy policy = { ~0u };

	/* Exactly as long as the text, so that ASan sees a byte read beyond it. */
	char *copy = malloc(strlen(text));

	memcpy(copy, text, strlen(text));
	if (spg_policy_parse(copy, strlen(text), &policy))
		policy.modes = ~0u;
	free(copy);
	return policy;
}

static void each_policy(void)
{
	static const enum spg_verdict verdicts[SPG_MODES] = { SPG_STOCK, SPG_PASS, SPG_COPY, SPG_REFUSE };
	unsigned int n, count = 1;
	int op;

	for (op = 0; op < SPG_OPS; op++)
		count *= SPG_MODES;
	for (n = 0; n < count; n++) {
		char text[512] = "off", written[SPG_POLICY_TEXT], again[SPG_POLICY_TEXT];
		unsigned int rest = n;
		bool verdicts_right = true;
		struct spg_policy policy;
		size_t len;

		for (op = 0; op < SPG_OPS; op++, rest /= SPG_MODES)
			sprintf(text + strlen(text), " %s=%s", spg_op_name(op), spg_mode_name(rest % SPG_MODES));
		policy = parse(text);
		rest = n;
		for (op = 0; op < SPG_OPS; op++, rest /= SPG_MODES) {
			verdicts_right &= spg_policy_mode(policy, op) == rest % SPG_MODES;
			verdicts_right &= spg_policy_verdict(policy, op) == verdicts[rest % SPG_MODES];
		}
		CHECK(verdicts_right, "modes and verdicts: %s", text);
		len = spg_policy_format(policy, written, sizeof(written));
		CHECK(len == strlen(written) && parse(written).modes == policy.modes, "reads back: %s", written);
		spg_policy_format(parse(written), again, sizeof(again));
		CHECK(!strcmp(written, again), "canonical: %s", written);
	}
}

static void good_texts(void)
{
	static const char *const texts[][2] = {
		{ "off", "off" }, { "log\n", "log" }, { "  degrade\t", "degrade" }, { "block ", "block" },
		{ "degrade vmsplice=block", "degrade vmsplice=block" },
		{ "block tee=off\tsplice=off\n", "block splice=off tee=off" },
		{ "off splice=block sendfile=block tee=block", "block vmsplice=off zerocopy=off" },
		/* Two and two: the stricter mode is the common one. */
		{ "block tee=degrade splice=log sendfile=log vmsplice=degrade", "degrade splice=log sendfile=log zerocopy=block" },
	};
	char written[SPG_POLICY_TEXT];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		spg_policy_format(parse(texts[i][0]), written, sizeof(written));
		CHECK(!strcmp(written, texts[i][1]), "'%s' is '%s'", texts[i][1], written);
	}
}

static void bad_texts(void)
{
	static const char *const texts[] = {
		"", " ", "\n", "\t\n", "of", "offf", "Off", "0", "1", "=", "off=", "=off", "off off", "off log", "splice=off",
		"off splice", "off splice=", "off =off", "off splice=1", "off Splice=off", "off splices=off", "off splice=off splice=off",
		"off splice=off=log", "off,log", "off;log", "off\nlog", "off\n\n", "off\r\n", "off splice= off", "off splice =off",
		"\0off", "degrade vmsplice=block,tee=off",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct spg_policy policy = { 0x1234 };
		int err = spg_policy_parse(texts[i], strlen(texts[i]), &policy);

		CHECK(err == -22 && policy.modes == 0x1234, "text %zu is refused and changes nothing", i);
	}
	CHECK(parse("off").modes != ~0u, "and a good one is not");
}

/* Whatever bytes come, no byte beyond them is read, and what is taken is a policy. */
static void random_texts(void)
{
	static const char bits[] = "off log degrade block splice sendfile tee vmsplice= =\n\t\0x";
	unsigned int taken = 0, i;
	bool sane = true;

	srand(1);
	for (i = 0; i < 200000; i++) {
		size_t len = rand() % 40, at;
		char *text = malloc(len ? len : 1);
		struct spg_policy policy;
		int op;

		for (at = 0; at < len; at++)
			text[at] = bits[rand() % sizeof(bits)];
		if (len > 4 && rand() % 2)
			memcpy(text, "off ", 4);
		if (!spg_policy_parse(text, len, &policy)) {
			taken++;
			for (op = 0; op < SPG_OPS; op++)
				sane &= spg_policy_mode(policy, op) < SPG_MODES;
		}
		free(text);
	}
	CHECK(sane && taken, "200000 random texts, %u of them taken", taken);
}

int main(void)
{
	int mode;

	for (mode = 0; mode < SPG_MODES; mode++)
		CHECK(spg_policy_verdict(spg_policy_uniform(mode), SPG_TEE) == (enum spg_verdict)mode, "%s for all",
		      spg_mode_name(mode));
	each_policy();
	good_texts();
	bad_texts();
	random_texts();
	printf("1..%d\n", tests);
	return failures != 0;
}
