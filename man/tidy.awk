# What scdoc writes, as man, mandoc and lintian want it: with the line that asks for tbl, without paragraphs that are empty, and
# without text that is spread over the line.
BEGIN { print "'\\\" t" }
/^\.TH / { print ".ds AD l" }
/^\.PP$/ { pending = 1; next }
/^\.RE$/ { print; next }
/^\.S[HS] / { pending = 0; heading = 1; print; next }
{
	if (pending && !heading)
		print ".PP"
	pending = heading = 0
	print
}
