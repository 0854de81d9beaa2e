# report.awk: the targets, from the CSV of one kernel: each with its figure and the word met or MISSED.
#
#	awk -F, -v chart=FILE -v unit=UNIT -f report.awk KERNEL.csv
#
# Where a unit is given, times are real, and what is promised in instructions is not judged.
# A target covers several places (sizes, and what files are on); it is met where all of them are. FILE gets a line for each target,
# for the picture and for a table: its title, the word, how far its worst place is from the limit, what was measured there, the limit.

# Of what was measured several times, the median counts.
{
	key = $2 SUBSEP $3 SUBSEP $4 SUBSEP $5 SUBSEP $6
	add_sorted(key, $7)
	value[key] = quantile(key, 0.5)
}
$6 == "ns_per_byte" || $6 == "least_ns" { remember($6, $3, $4, $2, $5) }
# The modes are measured in turn, and each turn is judged by itself: by how much of a second processor there was.
$3 == "scale-sendfile" { gain[$2] = $7 }
$3 == "scale-sendfile" && $2 == "machine" {
	turns++
	if ($7 >= 1.8 && gain["degrade"] && gain["off"]) {
		add_sorted("off", gain["off"])
		add_sorted("degrade", gain["degrade"])
		add_sorted("ratio", gain["degrade"] / gain["off"])
	}
}

END {
	if (!chart) chart = "/dev/null"
	printf "" >chart
	one_copy = value["any", "copy", "memory", 65536, "ns_per_byte"]

	heading("sendfile, file to TCP, 64 KiB and up (degrade; both figures in ns per byte)")
	split("65536 262144 1048576", big, " ")
	n_sources = split("tmpfs ext4 xfs huge", sources, " ")
	begin("sendfile, 64 KiB and up / (stock and one copy)", "stock and one copy", "/", "<=", 1.00)
	for (s = 1; s <= n_sources; s++) for (i = 1; i <= 3; i++)
		place(big[i], sources[s], per_byte("degrade", "sendfile-tcp", sources[s], big[i]),
		      plus(per_byte("stock", "sendfile-tcp", sources[s], big[i]), one_copy))
	end()
	begin("sendfile, 64 KiB and up / send()", "plain send() of resident memory", "/", "<=", 0.80)
	for (s = 1; s <= n_sources; s++) for (i = 1; i <= 3; i++)
		place(big[i], sources[s], per_byte("degrade", "sendfile-tcp", sources[s], big[i]), per_byte("any", "send-tcp", "memory", big[i]))
	end()
	begin("sendfile, 64 KiB and up / read, write", "read and write", "/", "<=", 0.50)
	for (s = 1; s <= n_sources; s++) for (i = 1; i <= 3; i++)
		place(big[i], sources[s], per_byte("degrade", "sendfile-tcp", sources[s], big[i]), per_byte("any", "readwrite-tcp", sources[s], big[i]))
	end()
	begin("sendfile, 64 KiB and up / upstream's proposal", "the upstream proposal", "/", "<=", 0.75)
	for (i = 1; i <= 3; i++)
		place(big[i], "tmpfs", per_byte("degrade", "sendfile-tcp", "tmpfs", big[i]), per_byte("proposal", "sendfile-tcp", "tmpfs", big[i]))
	end()

	heading("sendfile of little: pieces of one file, and many small files whole (degrade)")
	split("1024 4096 16384", small, " ")
	begin("sendfile, 1 to 16 KiB / send()", "plain send() of resident memory", "/", "<=", 1.00)
	for (i = 1; i <= 3; i++) {
		place(small[i], "pieces", per_byte("degrade", "sendfile-tcp", "tmpfs", small[i]), per_byte("any", "send-tcp", "memory", small[i]))
		place(small[i], "files", per_byte("degrade", "files-tcp", "tmpfs", small[i]), per_byte("any", "send-tcp", "memory", small[i]))
	}
	end()
	begin("sendfile, 1 to 16 KiB / read, write", "read and write", "/", "<=", 0.70)
	for (i = 1; i <= 3; i++) {
		place(small[i], "pieces", per_byte("degrade", "sendfile-tcp", "tmpfs", small[i]), per_byte("any", "readwrite-tcp", "tmpfs", small[i]))
		place(small[i], "files", per_byte("degrade", "files-tcp", "tmpfs", small[i]), per_byte("any", "filesread-tcp", "tmpfs", small[i]))
	}
	end()

	heading("splice (degrade)")
	n_sizes = split("1024 4096 16384 65536 262144 1048576", sizes, " ")
	begin("file to pipe to TCP / read, write", "file to pipe to TCP: read and write", "/", "<=", 0.95)
	for (s = 1; s <= n_sources; s++) for (i = 1; i <= n_sizes; i++)
		place(sizes[i], sources[s], per_byte("degrade", "splice-tcp", sources[s], sizes[i]), per_byte("any", "readwrite-tcp", sources[s], sizes[i]))
	end()
	begin("proxy's own time / recv, send", "TCP to pipe to TCP, the proxy's time: recv and send", "/", "<=", 0.75)
	for (i = 1; i <= n_sizes; i++)
		place(sizes[i], "", value["degrade", "proxy-splice", "tcp", sizes[i], "own_ns_per_byte"],
		      value["any", "proxy-recvsend", "tcp", sizes[i], "own_ns_per_byte"])
	end()
	each_size("proxy and both ends / recv, send", "the same, with the time of who sends to it and who takes from it", 0.75, "tcp", "proxy-splice", "proxy-recvsend")

	heading("memory (degrade)")
	each_size("vmsplice to pipe to read / write, read", "vmsplice to pipe to read: write and read", 1.00, "memory", "vmsplice-read", "write-read")
	each_size("vmsplice to pipe to TCP / send()", "vmsplice to pipe to TCP: plain send()", 1.05, "memory", "vmsplice-tcp", "send-tcp")
	each_size("MSG_ZEROCOPY / send()", "MSG_ZEROCOPY: plain send()", 1.05, "memory", "zerocopy-tcp", "send-tcp")
	each_size("SEND_ZC / send()", "SEND_ZC: plain send()", 1.05, "memory", "sendzc-tcp", "send-tcp")
	each_size("SEND_ZC / io_uring's SEND", "the same, beside io_uring's own SEND", 1.05, "memory", "sendzc-tcp", "uringsend-tcp")

	heading("nginx under wrk, requests per second of its processor time: sendfile on in degrade, and sendfile off")
	for (tls = 0; tls < 2; tls++) {
		name = tls ? "TLS (the kernel's)" : "plain"
		way = tls ? "tls" : "plain"
		begin("nginx, " name ", 4 KiB / sendfile off", name ", 4 KiB", "/", ">=", 1.00)
		web(way, 4096)
		end()
		begin("nginx, " name ", 100 KiB and 10 MiB / sendfile off", name ", 100 KiB and 10 MiB", "/", ">=", 1.15)
		web(way, 102400)
		web(way, 10485760)
		end()
	}

	heading("log, calls of 64 KiB")
	n_logged = split("sendfile-tcp/tmpfs splice-tcp/tmpfs vmsplice-tcp/memory zerocopy-tcp/memory sendzc-tcp/memory proxy-splice/tcp " \
			 "vmsplice-read/memory splice-file/tmpfs sendfile-unix/tmpfs splice-unix/tmpfs sendfile-tls/tmpfs", logged, " ")
	begin("log, 64 KiB / stock", "stock", "/", "<=", 1.02)
	for (i = 1; i <= n_logged; i++) {
		split(logged[i], part, "/")
		place("", part[1], per_byte("log", part[1], part[2], 65536), per_byte("stock", part[1], part[2], 65536))
	}
	end()
	n_calls = split("sendfile splice-in splice-out tee vmsplice zerocopy", calls, " ")
	begin("log, instructions more a call", "instructions more in a call", "-", "<=", 250)
	for (i = 1; i <= n_calls; i++)
		instructions(calls[i], least("log", calls[i], 65536), without(calls[i], 65536))
	end()

	heading("off, and block")
	begin("off, instructions more a call", "off: instructions more in a call than never loaded", "-", "=", 0)
	for (i = 1; i <= n_calls; i++)
		instructions(calls[i], least("off", calls[i], 4096), without(calls[i], 4096))
	end()
	n_refused = split("sendfile splice-in splice-out tee vmsplice so-zerocopy sendzc", refused, " ")
	begin("block, instructions more a refused call", "block: instructions more in a refused call than in one that fails", "-", "<=", 400)
	for (i = 1; i <= n_refused; i++)
		instructions(refused[i], value["block", "refused-" refused[i], "none", 4096, "least_ns"],
			     value["stock", "fails-" refused[i], "none", 4096, "least_ns"])
	end()

	heading("counted (degrade)")
	begin("copies, file to socket", "copies of each byte, file to socket by sendfile", "", "=", 1)
	copies("sendfile-tcp", "tmpfs", 0)
	end()
	begin("copies, file to pipe to socket", "copies of each byte, file to pipe to socket", "", "=", 2)
	copies("splice-tcp", "tmpfs", 0)
	end()
	# Who sends to the proxy copies once, too.
	begin("copies, proxy", "copies of each byte, proxy", "", "=", 1)
	copies("proxy-splice", "tcp", 1)
	end()
	begin("allocations, file to socket", "allocations of the module's own for each MiB, file to socket by sendfile", "", "<=", 0)
	place("", "", value["degrade", "counted-sendfile-tcp", "tmpfs", 65536, "own_allocations_per_mib"], "")
	end()
	begin("KiB of memory", "KiB of memory that the module takes", "", "<=", 96)
	core = value["degrade", "memory", "module", 0, "core_bytes"]
	if (core != "")
		place("", "", (core + value["degrade", "memory", "module", 0, "percpu_bytes"] + \
			       value["degrade", "memory", "module", 0, "trampoline_bytes"]) / 1024, "")
	end()

	heading("two streams on two processors, and one (real time)")
	begin("a second stream on a second processor / off", "what the second one adds in degrade, and in off", "", ">=", 0.95)
	if (count["ratio"] >= 20) {
		place("", "", quantile("ratio", 0.5), "")
		end()
		printf "          medians: %s times as much in degrade, %s times in off; half of the ratios are between %s and %s\n", \
			number(quantile("degrade", 0.5)), number(quantile("off", 0.5)), \
			number(quantile("ratio", 0.25)), number(quantile("ratio", 0.75))
	} else {
		end()
	}
	if (turns)
		printf "          in %d of %d turns the machine had a second processor to give; the others tell nothing\n", count["ratio"], turns

	printf "\n%d met, %d MISSED, %d not measured\n", met, missed, absent
	figures("ns_per_byte", "all that was measured, ns per byte")
	figures("least_ns", "the least that a call takes, ns")
}

# In the order in which they came, but a workload's modes together.
function remember(metric, workload, source, mode, size) {
	if (!((metric, workload, source) in seen_row)) {
		seen_row[metric, workload, source]
		row_workload[metric, ++rows[metric]] = workload
		row_source[metric, rows[metric]] = source
	}
	if (!((metric, workload, source, mode) in seen_mode)) {
		seen_mode[metric, workload, source, mode]
		modes_of[metric, workload, source] = modes_of[metric, workload, source] " " mode
	}
	if (!((metric, size) in seen_size)) {
		seen_size[metric, size]
		for (i = ++sizes_of[metric]; i > 1 && size_at[metric, i - 1] > size + 0; i--)
			size_at[metric, i] = size_at[metric, i - 1]
		size_at[metric, i] = size + 0
	}
}

function figures(metric, title,   r, m, n, i, mode, x) {
	if (!rows[metric])
		return
	printf "\n%-44s", title
	for (i = 1; i <= sizes_of[metric]; i++) printf " %9s", human(size_at[metric, i])
	printf "\n"
	for (r = 1; r <= rows[metric]; r++) {
		n = split(modes_of[metric, row_workload[metric, r], row_source[metric, r]], mode, " ")
		for (m = 1; m <= n; m++) {
			printf "  %-22s %-8s %-10s", row_workload[metric, r], row_source[metric, r], mode[m]
			for (i = 1; i <= sizes_of[metric]; i++) {
				x = value[mode[m], row_workload[metric, r], row_source[metric, r], size_at[metric, i], metric]
				printf " %9s", x == "" ? "" : number(x + 0)
			}
			printf "\n"
		}
	}
}

function per_byte(mode, workload, source, size) {
	return value[mode, workload, source, size, "ns_per_byte"]
}

function least(mode, call, size) {
	return value[mode, "works-" call, "batch", size, "least_ns"]
}

# What it takes without the module: the least of before and after.
function without(call, size,   before, after) {
	before = least("stock", call, size)
	after = least("unloaded", call, size)
	return after != "" && after < before ? after : before
}

function instructions(name, a, b) {
	if (unit)
		unjudged = 1
	else
		place("", name, a, b)
}

function plus(a, b) {
	return a == "" || b == "" ? "" : a + b
}

# A target that covers all sizes: what degrade takes for one workload, beside what another takes in any mode.
function each_size(title, name, limit, source, ours, peer,   i) {
	begin(title, name, "/", "<=", limit)
	for (i = 1; i <= n_sizes; i++)
		place(sizes[i], "", per_byte("degrade", ours, source, sizes[i]), per_byte("any", peer, source, sizes[i]))
	end()
}

function web(way, size) {
	place(size, "", value["degrade", "nginx-" way "-on", "tmpfs", size, "requests_per_cpu_second"],
	      value["any", "nginx-" way "-off", "tmpfs", size, "requests_per_cpu_second"])
}

function copies(workload, source, others,   seen, counted) {
	seen = value["degrade", "counted-" workload, source, 65536, "copies_seen"]
	counted = value["degrade", "counted-" workload, source, 65536, "copies_counted"]
	if (seen != "") {
		place("", "seen", seen - others, "")
		place("", "by the module's account", counted, "")
	}
}

function add_sorted(name, x,   i) {
	x += 0
	for (i = ++count[name]; i > 1 && sorted[name, i - 1] > x; i--)
		sorted[name, i] = sorted[name, i - 1]
	sorted[name, i] = x
}

function quantile(name, q) {
	return sorted[name, int(q * (count[name] - 1) + 1.5)]
}

function heading(text) {
	group = text
	printf "\n%s\n", text
}

# begin(TITLE, NAME, HOW, OPERATOR, LIMIT): TITLE says it all for the picture, NAME what the heading does not say; HOW a place's figure is made of the two that were measured: "/", "-", or "" where there is one.
function begin(name_alone, name, how_made, op, limit) {
	title = name_alone
	target = name
	how = how_made
	operator = op
	bound = limit
	places = bad = unjudged = 0
	line = ""
	lines = ""
}

# One place: what was measured there, and what it is compared with. Places that were not measured do not count.
function place(size, what, figure, other,   result, ok, where, text) {
	if (figure == "" || (how != "" && other == "") || (how == "/" && other == 0))
		return
	result = how == "/" ? figure / other : how == "-" ? figure - other : figure
	ok = operator == "<=" ? result <= bound : operator == ">=" ? result >= bound : result == bound
	where = human(size) (size != "" && what != "" ? " " : "") what
	text = where (where == "" ? "" : " ") (how == "" ? number(result) : number(figure) " " how " " number(other) " = " number(result)) (ok ? "" : " !")
	if (length(line) + length(text) > 118) {
		lines = lines line "\n"
		line = ""
	}
	line = line (line == "" ? "          " : ";  ") text
	if (!places || (operator == "<=" && result > worst) || (operator == ">=" && result < worst) || (operator == "=" && !ok))
		worst = result
	places++
	bad += !ok
}

function end(   word) {
	word = unjudged ? "not judged" : !places ? "not measured" : bad ? "MISSED" : "met"
	met += word == "met"
	missed += word == "MISSED"
	absent += word == "not measured"
	printf "  %-7s %s: %s %s", word, target, operator, number(bound)
	if (places)
		printf "; %s%s", (places > 1 ? "worst " : ""), number(worst)
	if (bad && places > 1)
		printf ", %d of %d places miss it", bad, places
	printf "\n%s", (places > 1 || how != "" ? lines line (line == "" ? "" : "\n") : "")
	if (places)
		printf "%s\t%s\t%.3f\t%s\t%s %s\n", title, word, distance(), number(worst), operator, number(bound) >chart
}

# How far the worst place is from the limit: 1 at the limit, less where it is met.
function distance() {
	if (bound == 0)
		return worst <= 0 ? 0 : 99
	return operator == ">=" ? bound / worst : worst / bound
}

function number(x) {
	return sprintf(x == int(x) ? "%d" : x >= 100 || x <= -100 ? "%.1f" : "%.3f", x)
}

function human(bytes) {
	return bytes == "" ? "" : bytes >= 1048576 ? bytes / 1048576 " MiB" : bytes / 1024 " KiB"
}
