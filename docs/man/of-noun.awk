# Of all commands, as `comity completion man` prints them: those of these nouns, and the options that they take.
function note_options(line) {
	while (match(line, /--[a-z-]+/)) {
		takes[substr(line, RSTART, RLENGTH)] = 1
		line = substr(line, RSTART + RLENGTH)
	}
}
/^[*]comity |^#/ { is_ours = $1 == "*comity" && $2 ~ "^(" nouns ")$" }
/^[*]comity / && is_ours { note_options($0) }
/^# OPTIONS/ { are_options = 1 }
are_options && /^[^\t]/ { is_taken = /^[*]/ && match($0, /--[a-z-]+/) && substr($0, RSTART, RLENGTH) in takes }
are_options && is_taken && !is_begun { is_begun = 1; print "# OPTIONS\n" }
is_ours || (are_options && is_taken)
