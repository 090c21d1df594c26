# What the schema says of its messages and fields, as rows of C: { "AdditionalInfo", "answers", "..." }.
function quoted(text) { gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); return "\"" text "\"" }
/^\/\/ / { above = above (above == "" ? "" : " ") substr($0, 4); next }
/^message [A-Za-z0-9]+ \{/ { type = $2; if (above != "") printf "{ \"%s\", NULL, %s },\n", type, quoted(above) }
/^\t(optional|repeated) / {
	comment = $0
	if (type != "" && sub(/^[^;]*; *\/\/ */, "", comment))
		printf "{ \"%s\", \"%s\", %s },\n", type, $3, quoted(comment)
}
/^\}/ { type = "" }
{ above = "" }
