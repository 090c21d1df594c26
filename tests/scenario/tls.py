"""What our TLS agrees to, as a stranger's tools see it: certs/context.c is the one place that says so."""
import json
import os
import subprocess

from lab import require, slow

# Rules of the public web that hold for nobody here: a peer is named by the URI in its certificate, never by a host name,
# and what is revoked comes in band with the card, never from an address that somebody could take down.
NOT_OURS = {"cert_trust", "cert_revocation"}
JUDGED = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")

# What a caller may insist on, and whether it comes to a handshake.
OFFERS = (
	(True, []),
	(True, ["-groups", "P-256"]),
	(True, ["-groups", "X25519"]),
	(True, ["-ciphersuites", "TLS_AES_128_GCM_SHA256"]),
	(True, ["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"]),
	(False, ["-tls1_2"]),
	(False, ["-ciphersuites", "TLS_AES_128_CCM_SHA256"]),
	(False, ["-groups", "P-521"]),
	(False, ["-groups", "ffdhe2048"]),
	(False, ["-sigalgs", "RSA-PSS+SHA256"]),
	(False, ["-alpn", "h2"]),
)


def _call(there, caller, *more):
	"""s_client with the caller's certificate; what it says when the line ended."""
	offer = list(more) if "-alpn" in more else ["-alpn", "comity/1", *more]
	chain = caller.lab.file("chain.pem", b"".join(open(caller.path("keys", f"{role}.crt"), "rb").read()
		for role in ("channel", "delegation")))
	done = subprocess.run(["openssl", "s_client", "-connect", f"{there.host}:{there.port}", "-cert", chain, "-key",
		caller.path("keys", "channel.key"), "-cert_chain", chain, "-security_debug", *offer], input="", capture_output=True,
		text=True, timeout=30)
	return done.stdout + done.stderr


def only_what_the_policy_names_is_agreed_to(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	for agrees, offer in OFFERS:
		said = _call(freedonia, sylvania, *offer)
		require(("New, TLSv1.3" in said) == agrees, f"agrees: {agrees}", offer, said)
		require(not agrees or "ALPN protocol: comity/1" in said, "and to our protocol", offer, said)


def nothing_is_given_to_resume_with(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	session = os.path.join(lab.directory, "session.pem")
	said = _call(freedonia, sylvania, "-sess_out", session)
	require("New, TLSv1.3" in said and "Session Ticket" not in said, "no ticket comes", said)
	require(not os.path.exists(session), "so no session is kept")


@slow
def testssl_finds_nothing(lab):
	freedonia, found = lab.authority("xf-ca"), os.path.join(lab.directory, "testssl.json")
	done = subprocess.run(["testssl", "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none",
		"--protocols", "--std", "--server-preference", "--server-defaults", "--vulnerable", "--pfs", "--rc4",
		"--add-ca", freedonia.path("keys", "identity.crt"), "--jsonfile", found, f"{freedonia.host}:{freedonia.port}"],
		stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=170)
	with open(found) as file:
		findings = json.load(file)
	require(any(one["id"] == "TLS1_3" and one["severity"] == "OK" for one in findings), "it got through", done.stdout)
	judged = {one["id"]: one["finding"] for one in findings if one["severity"] in JUDGED}
	require(set(judged) == NOT_OURS, "nothing above informational but what is the web's alone", judged)
