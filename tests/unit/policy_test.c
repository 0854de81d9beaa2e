// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of policy and its grammar, in user space: every mode, operation, word of trust, group and fact there is, every
 * transition under a lock, and texts good and bad. TAP on standard output.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "grammar.h"
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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef int parser(const char *text, size_t len, struct spg_policy *policy);
typedef int formatter(const struct spg_policy *policy, char *text, size_t size);

static const struct knob {
	const char *name;
	parser *parse;
	formatter *format;
} modes_knob = { "modes", spg_parse_modes, spg_format_modes },
  trust_knob = { "trust", spg_parse_trust, spg_format_trust },
  group_knob = { "group", spg_parse_group, spg_format_group },
  locked_knob = { "locked", spg_parse_locked, spg_format_locked };

/* Exactly as long as the text, so that ASan sees a byte read beyond it. */
static int parse(const struct knob *knob, const char *text, struct spg_policy *policy)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int err;

	memcpy(copy, text, len);
	err = knob->parse(copy, len, policy);
	free(copy);
	return err;
}

static struct spg_policy policy_of(const char *modes, const char *trust, const char *group, const char *locked)
{
	struct spg_policy policy = SPG_DEFAULT_POLICY;

	if (parse(&modes_knob, modes, &policy) || parse(&trust_knob, trust, &policy) ||
	    parse(&group_knob, group, &policy) || parse(&locked_knob, locked, &policy))
		abort();
	return policy;
}

/* Modes */

static void each_mode(void)
{
	unsigned int n, count = 1;
	int op;

	for (op = 0; op < SPG_OPS; op++)
		count *= SPG_MODES;
	for (n = 0; n < count; n++) {
		char text[512] = "off", written[SPG_TEXT], again[SPG_TEXT];
		struct spg_policy policy, read_back;
		unsigned int rest = n;
		bool right = true;
		int len;

		for (op = 0; op < SPG_OPS; op++, rest /= SPG_MODES)
			sprintf(text + strlen(text), " %s=%s", spg_op_name(op), spg_mode_name(rest % SPG_MODES));
		policy = policy_of(text, "", "-1", "0");
		rest = n;
		for (op = 0; op < SPG_OPS; op++, rest /= SPG_MODES)
			right &= spg_policy_mode(&policy, op) == rest % SPG_MODES;
		right &= spg_policy_is_off(&policy) == !n;
		len = spg_format_modes(&policy, written, sizeof(written));
		read_back = policy_of(written, "", "-1", "0");
		spg_format_modes(&read_back, again, sizeof(again));
		CHECK(right && len == (int)strlen(written) && read_back.modes == policy.modes && !strcmp(written, again),
		      "modes: %s reads back as %s", text, written);
	}
}

/* Verdicts. What the words promise, said once more: each of them, and what it takes for it to admit a call. */
static const struct {
	const char *words;
	unsigned int takes;
} promises[] = {
	{ "capable", SPG_CAPABLE },
	{ "writable", SPG_WRITABLE },
	{ "quiescent", SPG_QUIESCENT },
	{ "fs:ext4 net:tcp", SPG_FS | SPG_NET },
};

#define ALL_FACTS (SPG_MEMBER | SPG_CAPABLE | SPG_WRITABLE | SPG_QUIESCENT | SPG_FS | SPG_NET)

static enum spg_verdict promised(enum spg_mode mode, unsigned int trust, bool group, unsigned int facts)
{
	bool trusted = group && facts & SPG_MEMBER;
	size_t i;

	if (mode == SPG_OFF)
		return SPG_STOCK;
	for (i = 0; i < COUNT(promises); i++)
		trusted |= trust & 1u << i && (facts & promises[i].takes) == promises[i].takes;
	if (trusted)
		return SPG_TRUST;
	return mode == SPG_LOG ? SPG_PASS : mode == SPG_DEGRADE ? SPG_COPY : SPG_REFUSE;
}

static void each_verdict(void)
{
	unsigned int trust, facts, i;
	int mode, op, group;

	for (mode = 0; mode < SPG_MODES; mode++)
	for (op = 0; op < SPG_OPS; op++)
	for (trust = 0; trust < 1u << COUNT(promises); trust++)
	for (group = 0; group < 2; group++) {
		bool verdicts = true, asks = true, strictest = true;
		char words[256] = "", modes[64];
		struct spg_policy policy;
		unsigned int asked;

		for (i = 0; i < COUNT(promises); i++)
			if (trust & 1u << i)
				sprintf(words + strlen(words), " %s", promises[i].words);
		/* All others in another mode: it must be this operation's that counts. */
		sprintf(modes, "%s %s=%s", spg_mode_name((mode + 1) % SPG_MODES), spg_op_name(op), spg_mode_name(mode));
		policy = policy_of(modes, words, group ? "1000" : "-1", "0");
		asked = spg_policy_asks(&policy, op);
		for (facts = 0; facts <= ALL_FACTS; facts++) {
			enum spg_verdict verdict = spg_policy_verdict(&policy, op, facts);

			verdicts &= verdict == promised(mode, trust, group, facts);
			/* What is not asked for changes nothing. */
			asks &= verdict == spg_policy_verdict(&policy, op, facts & asked);
			/* And knowing less never means more trust. */
			for (i = 0; i < 6; i++)
				strictest &= spg_policy_verdict(&policy, op, facts & ~(1u << i)) != SPG_TRUST || verdict == SPG_TRUST;
		}
		CHECK(verdicts, "verdicts: %s, trust '%s', group %s", modes, words, group ? "1000" : "none");
		CHECK(asks && strictest && (asked || promised(mode, trust, group, ALL_FACTS) == promised(mode, trust, group, 0)),
		      "questions: %s, trust '%s', group %s", modes, words, group ? "1000" : "none");
	}
}

/* Half a list is no list. */
static void half_lists(void)
{
	static const char *const halves[] = { "fs:ext4", "fs:ext4 fs:xfs", "net:tcp", "net:tcp net:udp net:unix" };
	size_t i;

	for (i = 0; i < COUNT(halves); i++) {
		struct spg_policy policy = policy_of("degrade", halves[i], "-1", "0");

		CHECK(spg_policy_verdict(&policy, SPG_SPLICE, ALL_FACTS) == SPG_COPY && !spg_policy_asks(&policy, SPG_SPLICE),
		      "trust '%s' admits nothing", halves[i]);
	}
}

static void lists(void)
{
	struct spg_policy policy = policy_of("degrade", "fs:ext4 fs:xfs net:udp net:vsock", "-1", "0");

	CHECK(spg_policy_lists_fs(&policy, "ext4") && spg_policy_lists_fs(&policy, "xfs"), "what is listed is found");
	CHECK(!spg_policy_lists_fs(&policy, "ext") && !spg_policy_lists_fs(&policy, "ext44") && !spg_policy_lists_fs(&policy, "") &&
	      !spg_policy_lists_fs(&policy, "btrfs"), "what is not listed is not");
	CHECK(spg_policy_lists_net(&policy, SPG_UDP) && spg_policy_lists_net(&policy, SPG_VSOCK) &&
	      !spg_policy_lists_net(&policy, SPG_TCP) && !spg_policy_lists_net(&policy, SPG_TLS), "and so with protocols");
}

/* The lock: each pair of policies of this table. Looser is what the mode, a word, a list, the group or the lock says. */
static void each_transition(void)
{
	static const char *const modes[] = { "off", "log", "degrade", "block", "degrade tee=log", "degrade vmsplice=block", "off zerocopy=block" };
	static const char *const trusts[] = { "", "writable", "capable quiescent", "fs:ext4 net:tcp", "fs:ext4 fs:xfs net:tcp",
					      "fs:xfs net:tcp net:udp", "writable capable quiescent fs:ext4 fs:xfs net:tcp net:udp" };
	static const char *const groups[] = { "-1", "0", "1000" };
	/* May one stand in the place of the other? For modes: operation by operation, by the numbers. */
	static const bool trust_within[7][7] = {
		/* to:   ""  wr cq  et  ext x2  all */
		{ 1, 0, 0, 0, 0, 0, 0 },
		{ 1, 1, 0, 0, 0, 0, 0 },
		{ 1, 0, 1, 0, 0, 0, 0 },
		{ 1, 0, 0, 1, 0, 0, 0 },
		{ 1, 0, 0, 1, 1, 0, 0 },
		{ 1, 0, 0, 0, 0, 1, 0 },
		{ 1, 1, 1, 1, 1, 1, 1 },
	};
	size_t m, t, g, l, m2, t2, g2, l2;
	int op;

	for (m = 0; m < COUNT(modes); m++)
	for (t = 0; t < COUNT(trusts); t++)
	for (g = 0; g < COUNT(groups); g++)
	for (l = 0; l < 2; l++) {
		struct spg_policy from = policy_of(modes[m], trusts[t], groups[g], l ? "1" : "0");
		unsigned int looser = 0, not_looser = 0;
		bool right = true;

		for (m2 = 0; m2 < COUNT(modes); m2++)
		for (t2 = 0; t2 < COUNT(trusts); t2++)
		for (g2 = 0; g2 < COUNT(groups); g2++)
		for (l2 = 0; l2 < 2; l2++) {
			struct spg_policy to = policy_of(modes[m2], trusts[t2], groups[g2], l2 ? "1" : "0");
			bool want = !trust_within[t][t2] || (g2 && g2 != g) || l2 < l;

			for (op = 0; op < SPG_OPS; op++)
				want |= spg_policy_mode(&to, op) < spg_policy_mode(&from, op);
			right &= spg_policy_loosens(&from, &to) == want;
			looser += want;
			not_looser += !want;
		}
		CHECK(right, "transitions from '%s', trust '%s', group %s, lock %zu: %u looser, %u not", modes[m], trusts[t], groups[g],
		      l, looser, not_looser);
	}
}

/* Whatever is not looser admits nothing more: no call's verdict is laxer after it, whatever the facts, which a new list may change. */
static void lock_holds(void)
{
	static const char *const fs[] = { "fs:a", "fs:b" }, *const nets[] = { "net:tcp", "net:udp" };
	static const char *const words[] = { "writable", "capable", "quiescent" };
	unsigned int tried = 0, i;
	bool holds = true;

	srand(2);
	for (i = 0; i < 200000; i++) {
		struct spg_policy policies[2];
		enum spg_op op = rand() % SPG_OPS;
		unsigned int facts = rand() & (SPG_MEMBER | SPG_CAPABLE | SPG_WRITABLE | SPG_QUIESCENT);
		int source = rand() % 2, sink = rand() % 2, p, j;
		enum spg_verdict verdicts[2];

		for (p = 0; p < 2; p++) {
			char text[256] = "";

			for (j = 0; j < 7; j++)
				if (rand() % 2)
					sprintf(text + strlen(text), " %s", j < 3 ? words[j] : j < 5 ? fs[j - 3] : nets[j - 5]);
			policies[p] = policy_of("off", text, rand() % 2 ? "5" : "-1", "1");
			for (j = 0; j < SPG_OPS; j++)
				spg_policy_set_mode(&policies[p], j, rand() % SPG_MODES);
		}
		if (spg_policy_loosens(&policies[0], &policies[1]))
			continue;
		tried++;
		for (p = 0; p < 2; p++) {
			unsigned int known = facts;

			known |= spg_policy_lists_fs(&policies[p], source ? "a" : "b") ? SPG_FS : 0;
			known |= spg_policy_lists_net(&policies[p], sink ? SPG_TCP : SPG_UDP) ? SPG_NET : 0;
			verdicts[p] = spg_policy_verdict(&policies[p], op, known);
		}
		/* Passing counted and passing trusted are both by reference. */
		holds &= verdicts[1] >= verdicts[0] || (verdicts[0] == SPG_TRUST && verdicts[1] == SPG_PASS);
	}
	CHECK(holds && tried > 500, "a lock holds in each of %u random transitions that it lets pass", tried);
}

/* Texts */

static void good_texts(void)
{
	static const struct {
		const struct knob *knob;
		const char *text, *canonical;
	} texts[] = {
		{ &modes_knob, "off", "off" }, { &modes_knob, "log\n", "log" }, { &modes_knob, "  degrade\t", "degrade" },
		{ &modes_knob, "block ", "block" }, { &modes_knob, "degrade vmsplice=block", "degrade vmsplice=block" },
		{ &modes_knob, "block tee=off\tsplice=off\n", "block splice=off tee=off" },
		{ &modes_knob, "off splice=block sendfile=block tee=block", "block vmsplice=off zerocopy=off" },
		/* Two and two: the stricter mode is the common one. */
		{ &modes_knob, "block tee=degrade splice=log sendfile=log vmsplice=degrade", "degrade splice=log sendfile=log zerocopy=block" },
		{ &trust_knob, "", "" }, { &trust_knob, "\n", "" }, { &trust_knob, " \t", "" },
		{ &trust_knob, "capable writable", "writable capable" }, { &trust_knob, "quiescent\n", "quiescent" },
		{ &trust_knob, "net:udp fs:xfs\tnet:tcp fs:ext4", "fs:xfs fs:ext4 net:tcp net:udp" },
		{ &trust_knob, "net:tls net:mptcp net:sctp net:vsock net:unix", "net:unix net:vsock net:sctp net:mptcp net:tls" },
		{ &trust_knob, "fs:fuse.x-y_Z0 writable", "writable fs:fuse.x-y_Z0" },
		{ &trust_knob, "fs:1234567890123456789012345678901", "fs:1234567890123456789012345678901" },
		{ &trust_knob, "fs:a fs:b fs:c fs:d fs:e fs:f fs:g fs:h fs:i fs:j fs:k fs:l fs:m fs:n fs:o fs:p",
		  "fs:a fs:b fs:c fs:d fs:e fs:f fs:g fs:h fs:i fs:j fs:k fs:l fs:m fs:n fs:o fs:p" },
		{ &group_knob, "-1", "-1" }, { &group_knob, "0\n", "0" }, { &group_knob, " 1000\t", "1000" },
		{ &group_knob, "4294967294", "4294967294" },
		{ &locked_knob, "0", "0" }, { &locked_knob, "1\n", "1" }, { &locked_knob, "  1 ", "1" },
	};
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		struct spg_policy policy = SPG_DEFAULT_POLICY, again = SPG_DEFAULT_POLICY;
		char written[SPG_TEXT], twice[SPG_TEXT];
		int err = parse(texts[i].knob, texts[i].text, &policy);
		int len = texts[i].knob->format(&policy, written, sizeof(written));

		CHECK(!err && !strcmp(written, texts[i].canonical) && len == (int)strlen(written), "%s: text %zu is '%s', '%s'",
		      texts[i].knob->name, i, texts[i].canonical, written);
		err = parse(texts[i].knob, written, &again);
		texts[i].knob->format(&again, twice, sizeof(twice));
		CHECK(!err && !strcmp(written, twice), "%s: text %zu can be written back", texts[i].knob->name, i);
	}
}

/* The longest that there can be. */
static void longest_text(void)
{
	struct spg_policy policy = SPG_DEFAULT_POLICY;
	char text[2000] = "writable capable quiescent", written[SPG_TEXT];
	int i;

	for (i = 0; i < SPG_FS_MAX; i++)
		sprintf(text + strlen(text), " fs:%02d34567890123456789012345678901", i);
	strcat(text, " net:tcp net:udp net:unix net:vsock net:sctp net:mptcp net:tls");
	CHECK(!parse(&trust_knob, text, &policy) && spg_format_trust(&policy, written, sizeof(written)) == (int)strlen(text) &&
	      !strcmp(written, text), "the longest list of trust has %zu bytes and fits", strlen(text));
}

static void bad_texts(void)
{
	static const struct {
		const struct knob *knob;
		const char *texts[64];
	} bad[] = {
		{ &modes_knob, {
			"", " ", "\n", "\t\n", "of", "offf", "Off", "0", "1", "=", "off=", "=off", "off off", "off log", "splice=off",
			"off splice", "off splice=", "off =off", "off splice=1", "off Splice=off", "off splices=off",
			"off splice=off splice=off", "off splice=off=log", "off,log", "off;log", "off\nlog", "off\n\n", "off\r\n",
			"off splice= off", "off splice =off", "degrade vmsplice=block,tee=off" } },
		{ &trust_knob, {
			"write", "Writable", "writable,capable", "writable;", "writable writable", "capable=1", "fs", "fs:", "fs: ext4", "FS:ext4",
			"fs:ext4,xfs", "fs:ext4 fs:ext4", "fs:ex/t4", "fs:ext4\n\n", "fs:ext4:", "fs:*", "fs:12345678901234567890123456789012",
			"fs:a fs:b fs:c fs:d fs:e fs:f fs:g fs:h fs:i fs:j fs:k fs:l fs:m fs:n fs:o fs:p fs:q",
			"net", "net:", "net:TCP", "net:tcp4", "net:tc", "net:all", "net:*", "net:6", "net:tcp net:tcp", "net:alg", "net:rds", "net:tcp,udp",
			"none", "0", "-1", "trust", "writable\nfs:ext4", "writable\r", "quiescent capable all", "net:tcp fs:", "\v", "fs:\xc3\xa4" } },
		{ &group_knob, {
			"", " ", "\n", "-2", "-0", "--1", "- 1", "-1 -1", "+5", "00", "01", "0x10", "1e3", "1.0", "1000 1001", "1000,1001", "wheel", "4294967295",
			"4294967296", "18446744073709551616", "99999999999999999999", "1\n\n", "1\n2", "none", "1000\r" } },
		{ &locked_knob, {
			"", " ", "\n", "2", "-1", "01", "00", "10", "11", "1 1", "1 0", "0 1", "y", "yes", "true", "on", "Y", "1\n\n", "1\r", "+1", "0x1" } },
	};
	size_t k, i;

	for (k = 0; k < COUNT(bad); k++)
		for (i = 0; i < 64 && bad[k].texts[i]; i++) {
			struct spg_policy policy = policy_of("log tee=block", "writable fs:ext4 net:tcp", "7", "1"), before;
			int err;

			memcpy(&before, &policy, sizeof(before));
			err = parse(bad[k].knob, bad[k].texts[i], &policy);
			CHECK(err == -22 && !memcmp(&policy, &before, sizeof(before)), "%s: bad text %zu is refused and changes nothing",
			      bad[k].knob->name, i);
		}
}

/* Each parser changes its own part, and no other. */
static void parts(void)
{
	struct spg_policy policy = policy_of("log tee=block", "writable fs:ext4 net:tcp", "7", "1"), was = policy;

	parse(&modes_knob, "off", &policy);
	CHECK(!policy.modes && policy.group == 7 && policy.locked && policy.words == SPG_WRITABLE && policy.fs_count == 1 && policy.nets == 1,
	      "modes change modes");
	policy = was;
	parse(&trust_knob, "", &policy);
	CHECK(policy.modes == was.modes && policy.group == 7 && policy.locked && !policy.words && !policy.fs_count && !policy.nets,
	      "trust changes trust");
	policy = was;
	parse(&group_knob, "-1", &policy);
	CHECK(policy.modes == was.modes && policy.group == SPG_NO_GROUP && policy.locked && policy.words == SPG_WRITABLE, "the group changes the group");
	policy = was;
	parse(&locked_knob, "0", &policy);
	CHECK(policy.modes == was.modes && policy.group == 7 && !policy.locked && policy.words == SPG_WRITABLE, "the lock changes the lock");
}

/* Whatever bytes come, no byte beyond them is read, and what is taken is a policy that reads back. */
static void random_texts(const struct knob *knob, const char *bits, size_t count, const char *start)
{
	unsigned int taken = 0, i;
	bool sane = true;

	srand(1);
	for (i = 0; i < 200000; i++) {
		size_t len = rand() % 40, at;
		char *text = malloc(len ? len : 1);
		struct spg_policy policy = SPG_DEFAULT_POLICY;
		int op;

		for (at = 0; at < len; at++)
			text[at] = bits[rand() % count];
		if (len > strlen(start) && rand() % 2)
			memcpy(text, start, strlen(start));
		if (!knob->parse(text, len, &policy)) {
			struct spg_policy again = SPG_DEFAULT_POLICY;
			char written[SPG_TEXT], twice[SPG_TEXT];

			taken++;
			for (op = 0; op < SPG_OPS; op++)
				sane &= spg_policy_mode(&policy, op) < SPG_MODES;
			sane &= policy.fs_count <= SPG_FS_MAX && policy.nets < 1u << SPG_NETS;
			knob->format(&policy, written, sizeof(written));
			sane &= !parse(knob, written, &again);
			knob->format(&again, twice, sizeof(twice));
			sane &= !strcmp(written, twice);
		}
		free(text);
	}
	CHECK(sane && taken, "%s: 200000 random texts, %u of them taken", knob->name, taken);
}

int main(void)
{
	static const char mode_bits[] = "off log degrade block splice sendfile tee vmsplice= =\n\t\0x";
	static const char trust_bits[] = "fs:net:tcp udp  a\n\t\0x";

	each_mode();
	each_verdict();
	half_lists();
	lists();
	each_transition();
	lock_holds();
	good_texts();
	longest_text();
	bad_texts();
	parts();
	random_texts(&modes_knob, mode_bits, sizeof(mode_bits), "off ");
	random_texts(&trust_knob, trust_bits, sizeof(trust_bits), "fs:");
	random_texts(&group_knob, "0123456789- \n\0", 14, "1");
	random_texts(&locked_knob, "01 \n\0", 5, "");
	printf("1..%d\n", tests);
	return failures != 0;
}
