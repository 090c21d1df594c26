#include "tools/evidence_text.h"

static const char about[] =
	"This is the written record of one request for mutual legal assistance: every message that was exchanged about it,\n"
	"the exact bytes that were signed, and the signatures of both authorities.  It can be checked without the software that\n"
	"made it, on any machine with the OpenSSL command and sha256sum, also years after the certificates have expired.\n"
	"\n"
	"  CONTENTS.sha256                 the list of all parts that prove something\n"
	"  SUMMARY.txt                     what happened and when, for reading only\n"
	"  messages/ID                     a message: the exact bytes whose SHA-256 was signed (Protocol Buffers, proto/casework.proto)\n"
	"  messages/ID.N                   the N-th attachment of that message\n"
	"  readable/ID.json                the same message as text, for reading only\n"
	"  manifests/AUTHORITY/NUMBER.manifest   what that authority signed: a list of SHA-256 sums, with its purpose in the head\n"
	"  manifests/AUTHORITY/NUMBER.p7s        the signature (CMS, RFC 5652, detached)\n"
	"  certificates/AUTHORITY/*.pem    identity (the root), delegations and signing certificates of that authority\n"
	"\n"
	"The manifests of an authority are numbered and each holds the SHA-256 of the one before it, so that nothing can be taken\n"
	"out, put in or changed afterwards.  They may list sums of messages about other matters: of those nothing is disclosed but\n"
	"the sum.  Purposes: \"dispatch\", it was sent; \"receipt\", the other side's system has stored it; \"complete\", with all\n"
	"attachments.\n";

/* The lines with four blanks before them are the commands; all others are not, so that a script can take them out. */
static const char checks[] =
	"HOW TO CHECK IT\n"
	"\n"
	"1. Whose keys are these?  Compare the fingerprints with what you know of the authorities from elsewhere: a card, a\n"
	"   directory, a letter.  (comity evidence verify shows the digits of the telephone check.)\n"
	"\n"
	"    for i in certificates/*/identity.pem; do\n"
	"      openssl x509 -in $i -noout -subject -ext subjectAltName -fingerprint -sha256\n"
	"    done\n"
	"\n"
	"2. Did they sign the manifests?  First the signature; then whether its certificate leads to that identity, and to no other\n"
	"   root that this machine may know.  -attime is the time of signing, because signing certificates live for a year.\n"
	"\n"
	"    for m in manifests/*/*.manifest; do\n"
	"      a=$(basename $(dirname $m))\n"
	"      c=certificates/$a\n"
	"      t=$(date -d \"$(sed -n 's/^# at: //p' $m)\" +%s)\n"
	"      grep -qx \"# from: $a\" $m &&\n"
	"      openssl cms -verify -binary -inform DER -in ${m%.manifest}.p7s -content $m \\\n"
	"        -nointern -certfile $c/signing.pem -noverify -signer signer.tmp -out /dev/null &&\n"
	"      openssl verify -no-CApath -no-CAstore -CAfile $c/identity.pem -untrusted $c/delegation.pem \\\n"
	"        -purpose smimesign -attime $t signer.tmp || { echo \"NOT SIGNED: $m\"; false; }\n"
	"    done\n"
	"\n"
	"3. Are these the messages and attachments that they signed, and are all of them here?\n"
	"\n"
	"    ( cd messages && cat ../manifests/*/*.manifest | grep -v '^#' | sort -u | sha256sum --check --ignore-missing )\n"
	"    sha256sum --check --quiet CONTENTS.sha256\n"
	"\n"
	"4. Who signed for which of them, and when?\n"
	"\n"
	"    for f in messages/*; do\n"
	"      echo \"$f\"\n"
	"      s=$(grep -l \"  ${f#messages/}\\$\" manifests/*/*.manifest) || { echo \"NOT SIGNED: $f\"; false; }\n"
	"      sed -nE 's/^# (from|purpose|at): /  /p' $s < /dev/null | paste - - -\n"
	"    done\n"
	"\n"
	"5. Is each chain whole?  The sum of a manifest stands in the next one of that authority.\n"
	"\n"
	"    for a in manifests/*; do\n"
	"      p=\n"
	"      for m in $a/*.manifest; do\n"
	"        test -z \"$p\" || grep -qx \"# previous: $p\" $m || { echo \"CHAIN BROKEN: $m\"; false; }\n"
	"        p=$(sha256sum < $m | cut -c1-64)\n"
	"      done\n"
	"    done\n"
	"\n"
	"All at once, with a report in words:  comity evidence verify FILE --trust CARD\n";

static const char limits[] =
	"WHAT IT PROVES\n"
	"\n"
	"  - that the holder of an authority's signing key sent these messages, with this content, in this order;\n"
	"  - that the holder of the other authority's signing key stored them, where there is a receipt;\n"
	"  - that between the first and the last manifest nothing was removed or inserted.\n"
	"\n"
	"WHAT IT DOES NOT PROVE\n"
	"\n"
	"  - that there is no further message about this request than those listed in CONTENTS.sha256: the numbers show that\n"
	"   there are others between the two authorities, not what they are about;\n"
	"  - that a person has read a message: a receipt is given by a system, the act of an official is the acknowledgement;\n"
	"  - the time by any clock but the two authorities' own: there is no time stamp of a third party;\n"
	"  - who stands behind the keys: that rests on the telephone check, or on comparing the fingerprints.\n";

enum fault evidence_readme(const struct evidence_facts *facts, struct bytes *out)
{
	const Comity__Case *request = facts->view->request;
	TRY(bytes_printf(out, "Evidence of the request %s\n",
		request->requesting_reference && *request->requesting_reference ? request->requesting_reference : request->request_id));
	if (request->requested_reference && *request->requested_reference)
		TRY(bytes_printf(out, "(reference of the requested authority: %s)\n", request->requested_reference));
	TRY(bytes_printf(out, "between %s and %s\n\n%s\n%s\n%s", facts->own, facts->peer, about, checks, limits));
	for (size_t i = 0; i < facts->n_left_out; i++)
		TRY(bytes_printf(out, "%s  - %s\n", i ? "" : "\nWHAT IS NOT IN IT\n\n", facts->left_out[i]));
	return OK;
}
