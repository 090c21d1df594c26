#include "tools/evidence_text.h"

static const char about[] =
	"This is the written record of one request for mutual legal assistance: every message that was exchanged about it,\n"
	"the exact bytes that were signed, and the signatures of both authorities.  It can be checked without the software that\n"
	"made it, on any machine with the OpenSSL command and sha256sum, also years after the certificates have expired.\n"
	"\n"
	"  CONTENTS.sha256                 the list of all parts\n"
	"  SUMMARY.txt                     what happened and when, for reading only\n"
	"  messages/ID                     a message: the exact bytes whose SHA-256 was signed (Protocol Buffers, proto/casework.proto)\n"
	"  messages/ID.N                   the N-th attachment of that message\n"
	"  readable/ID.json                the same message as text, for reading only\n"
	"  manifests/AUTHORITY/NUMBER.manifest   what that authority signed: a list of SHA-256 sums, with its purpose in the head\n"
	"  manifests/AUTHORITY/NUMBER.p7s        the signature (CMS, RFC 5652, detached)\n"
	"  certificates/AUTHORITY/*.pem    identity (the root), delegations and signing certificates of that authority\n"
	"  revocations/AUTHORITY/*.pem     its lists of revoked certificates (X.509 CRL), the newest that were held when this was written\n"
	"  destructions/AUTHORITY.txt, .p7s  where they are: that it destroyed what it held, and its signature\n"
	"  timestamps/, STAMPS.sha256      where they are: when all this was there at the latest, signed by a third party (RFC 3161)\n"
	"\n"
	"The manifests of an authority are numbered and each holds the SHA-256 of the one before it, so that nothing can be taken\n"
	"out, put in or changed afterwards.  They may list sums of messages about other matters: of those nothing is disclosed but\n"
	"the sum.  What the two sealed end to end is here as it was sealed (\"sealed\" in readable/ says what): the sums and\n"
	"signatures are of those bytes, and the commitment signed with them admits one content key only.  Purposes: \"dispatch\", it was sent; \"receipt\", the other side's system has stored it; \"complete\", with all\n"
	"attachments.\n";

/* The lines with four blanks before them are the commands; all others are not, so that a script can take them out. */
static const char checks[] =
	"HOW TO CHECK IT\n"
	"\n"
	"1. Whose keys are these?  Compare the fingerprints with what you know of the authorities from elsewhere: a card, a\n"
	"   directory, a letter.  (comity evidence verify shows the digits of the telephone check.)\n"
	"\n"
	"    for i in certificates/*/identity.pem; do\n"
	"      for n in $(seq $(grep -c BEGIN $i)); do\n"
	"        awk \"/BEGIN/ { n++ } n == $n\" $i | openssl x509 -noout -subject -ext subjectAltName -fingerprint -sha256\n"
	"      done\n"
	"    done\n"
	"\n"
	"   An authority that gave itself a new identity while the case went on, or since, has more than one: compare each.  Its newer card\n"
	"   holds what the old identity signed for the new one, and the new one for the old: comity evidence verify --trust CARD looks at\n"
	"   both, and at whether the new identity revoked the old one since, which the commands below do not see.\n"
	"\n"
	"2. Did they sign the manifests?  First the signature; then whether its certificate leads to that identity, and to no other\n"
	"   root that this machine may know: -CAfile pins it.  -attime is the time of signing, because signing certificates live for\n"
	"   a year; so this gives the same answer in thirty years.\n"
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
	"3. Had a key been revoked when it signed?  What was signed before the revocation, or before the loss of the key where that is\n"
	"   told, counts.  The lists are younger than the signatures and end some day themselves, hence -no_check_time; nothing that was\n"
	"   on a list ever leaves it.  For a key that is on one, the dates there are held against the time of signing.\n"
	"\n"
	"    cat revocations/*/*.pem > lists.tmp\n"
	"    for m in manifests/*/*.manifest; do\n"
	"      a=$(basename $(dirname $m))\n"
	"      c=certificates/$a\n"
	"      t=$(date -d \"$(sed -n 's/^# at: //p' $m)\" +%s)\n"
	"      openssl cms -verify -binary -inform DER -in ${m%.manifest}.p7s -content $m \\\n"
	"        -nointern -certfile $c/signing.pem -noverify -signer signer.tmp -out /dev/null || false\n"
	"      e=$(openssl verify -no-CApath -no-CAstore -CAfile $c/identity.pem -untrusted $c/delegation.pem \\\n"
	"        -no_check_time -crl_check_all -CRLfile lists.tmp signer.tmp 2>&1) && continue\n"
	"      echo \"LOOK AT: $m: $e\"\n"
	"      echo \"$e\" | grep -q -e 'certificate revoked' -e 'unable to get certificate CRL' || false\n"
	"      s=$({ openssl x509 -in signer.tmp -noout -text; openssl storeutl -noout -text -certs $c/delegation.pem; } |\n"
	"        grep -A1 'Serial Number:' | tr -d ' :\\n-' | sed 's/SerialNumber/\\n/g' | tr a-f A-F)\n"
	"      for l in revocations/$a/*.pem; do\n"
	"        for n in $s; do\n"
	"          openssl crl -in $l -noout -text | sed -n \"/Serial Number: $n\\$/,/Serial Number: ..\\|Signature Alg/p\" |\n"
	"            grep -o '[A-Z][a-z][a-z] .*GMT' | while read d; do\n"
	"              test $t -lt $(date -d \"$d\" +%s) || { echo \"REVOKED SINCE $d: $m\"; false; }\n"
	"            done\n"
	"        done\n"
	"      done\n"
	"    done\n"
	"\n"
	"4. Are these the messages and attachments that they signed, and are all of them here?\n"
	"\n"
	"    ( cd messages && cat ../manifests/*/*.manifest | grep -v '^#' | sort -u | sha256sum --check --ignore-missing )\n"
	"    sha256sum --check --strict --quiet CONTENTS.sha256\n"
	"\n"
	"5. Who signed for which of them, and when?\n"
	"\n"
	"    for f in messages/*; do\n"
	"      echo \"$f\"\n"
	"      s=$(grep -l \"  ${f#messages/}\\$\" manifests/*/*.manifest) || { echo \"NOT SIGNED: $f\"; false; }\n"
	"      sed -nE 's/^# (from|purpose|at): /  /p' $s < /dev/null | paste - - -\n"
	"    done\n"
	"\n"
	"6. Is each chain whole?  The sum of a manifest stands in the next one of that authority.\n"
	"\n"
	"    for a in manifests/*; do\n"
	"      p=\n"
	"      for m in $a/*.manifest; do\n"
	"        test -z \"$p\" || grep -qx \"# previous: $p\" $m || { echo \"CHAIN BROKEN: $m\"; false; }\n"
	"        p=$(sha256sum < $m | cut -c1-64)\n"
	"      done\n"
	"    done\n"
	"\n"
	"7. Was it there by a certain day?  Only where timestamps/ is: a time stamping authority signed that it saw the sum of a list\n"
	"   (N.sha256) that names CONTENTS.sha256, and so all else here.  Compare the root under which it signed (N.pem) with what you\n"
	"   know of that authority from elsewhere.  -attime is the time that it stamped.\n"
	"\n"
	"    for s in timestamps/*.tsr; do\n"
	"      test -e $s || continue\n"
	"      n=${s%.tsr}\n"
	"      d=$(openssl ts -reply -in $s -text 2>/dev/null | sed -n 's/^Time stamp: //p')\n"
	"      echo \"$s: $d\"\n"
	"      openssl x509 -in $n.pem -noout -subject -fingerprint -sha256\n"
	"      openssl ts -verify -data $n.sha256 -in $s -CAfile $n.pem -attime $(date -d \"$d\" +%s) &&\n"
	"      grep -q '  CONTENTS.sha256$' $n.sha256 && sha256sum --check --strict --quiet $n.sha256 || { echo \"NOT STAMPED: $s\"; false; }\n"
	"    done\n"
	"    test ! -e timestamps || sha256sum --check --strict --quiet STAMPS.sha256\n"
	"\n"
	"8. Did one of them destroy what it held?  Only where destructions/ is: its own word, with the sums of the messages, signed as a\n"
	"   manifest is.  That no copy is left elsewhere no signature can prove.\n"
	"\n"
	"    for d in destructions/*.txt; do\n"
	"      test -e $d || continue\n"
	"      a=$(basename $d .txt)\n"
	"      c=certificates/$a\n"
	"      t=$(date -d \"$(sed -n 's/^# at: //p' $d)\" +%s)\n"
	"      grep -qx \"# authority: $a\" $d &&\n"
	"      openssl cms -verify -binary -inform DER -in ${d%.txt}.p7s -content $d \\\n"
	"        -nointern -certfile $c/signing.pem -noverify -signer signer.tmp -out /dev/null &&\n"
	"      openssl verify -no-CApath -no-CAstore -CAfile $c/identity.pem -untrusted $c/delegation.pem \\\n"
	"        -purpose smimesign -attime $t signer.tmp || { echo \"NOT SIGNED: $d\"; false; }\n"
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
	"  - the time by any clock but the two authorities' own, unless a time stamp is here: that proves by when, not since when;\n"
	"  - who stands behind the keys: that rests on the telephone check, or on comparing the fingerprints.\n";

static enum fault write_stamping(const struct evidence_facts *facts, struct bytes *out)
{
	static const char *const sentences[] = {
		[STAMPING_NONE] = "None was asked for when this was written. ",
		[STAMPING_DONE] = "It is in timestamps/. ",
		[STAMPING_PENDING] = "Time stamp pending: it was asked for when this was written, and did not come. ",
	};
	TRY(bytes_printf(out, "\nTIME STAMP\n\n%s%s", sentences[facts->stamping],
		facts->stamping == STAMPING_DONE ? "\n" : "Where there is a directory timestamps/, it was added later.\n"));
	return facts->why ? bytes_printf(out, "(%s)\n", facts->why) : OK;
}

/* Nothing of it binds whoever does not see it. */
static enum fault write_conditions(const struct evidence_facts *facts, struct bytes *out)
{
	TRY(bytes_printf(out, "\nHOW IT MAY BE USED\n\n"
		"What was given in answer may be used for the purpose of the request only, unless the requested State consents (UNTOC 18(19)); what\n"
		"speaks for an accused person may be disclosed, after notice.  What was sealed end to end may carry further conditions.\n"));
	for (size_t i = 0; i < facts->n_conditions; i++)
		TRY(bytes_printf(out, "  - %s\n", facts->conditions[i]));
	return OK;
}

enum fault evidence_readme(const struct evidence_facts *facts, struct bytes *out)
{
	const Comity__Case *request = facts->view->request;
	TRY(bytes_printf(out, "Evidence of the request %s\n",
		request->requesting_reference && *request->requesting_reference ? request->requesting_reference : request->request_id));
	if (request->requested_reference && *request->requested_reference)
		TRY(bytes_printf(out, "(reference of the requested authority: %s)\n", request->requested_reference));
	TRY(bytes_printf(out, "between %s and %s\n\n%s\n%s\n%s", facts->own, facts->peer, about, checks, limits));
	TRY(write_conditions(facts, out));
	TRY(write_stamping(facts, out));
	for (size_t i = 0; i < facts->n_left_out; i++)
		TRY(bytes_printf(out, "%s  - %s\n", i ? "" : "\nWHAT IS NOT IN IT\n\n", facts->left_out[i]));
	return OK;
}
