# What scdoc writes, without paragraphs that are empty, which mandoc warns of, and without text that is spread over the line.
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
