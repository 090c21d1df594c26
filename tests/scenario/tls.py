"""What our TLS agrees to, as a stranger's tools see it: certs/context.c is the one place that says so."""
import json
import os
import subprocess

from lab import require, slow

# Rules of the public web that hold for nobody here: a peer is named by the URI in its certificate, never by a host name,
# and what is revoked comes in band with the card, never from an address that somebody could take down.  With exactly these words: the chain,
# which others of the same checks are about, must be found good.
NOT_OURS = {"cert_trust": "certificate does not match supplied URI", "cert_revocation": "Neither CRL nor OCSP URI provided"}
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


def _testssl(lab, there, root, *what):
	"""What it finds of the daemon there when it believes this root: by name, with severity and words."""
	found = os.path.join(lab.directory, "testssl.json")
	if os.path.exists(found):
		os.unlink(found)
	subprocess.run(["testssl", "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", *what, "--add-ca", root, "--jsonfile", found,
		f"{there.host}:{there.port}"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=270)
	with open(found) as file:
		return {one["id"]: (one["severity"], one["finding"]) for one in json.load(file)}


@slow
def testssl_finds_nothing(lab):
	"""All that it can look at, its checks for mistakes of implementations among them: a minute, or two."""
	freedonia = lab.authority("xf-ca")
	found = _testssl(lab, freedonia, freedonia.path("keys", "identity.crt"), "--full")
	require(found.get("TLS1_3", ("",))[0] == "OK" and len(found) > 100, "it got through", found)
	require(found["cert_chain_of_trust"][0] == "OK", "the chain leads to our identity", found["cert_chain_of_trust"])
	judged = {name: words for name, (severity, words) in found.items() if severity in JUDGED}
	require(judged == NOT_OURS, "nothing above informational but what is the web's alone", judged)


def testssl_believes_no_other_identity(lab):
	freedonia, impostor = lab.authority("xf-ca"), lab.authority("xf-ca", home=lab.directory + "/impostor", start=False)
	found = _testssl(lab, freedonia, impostor.path("keys", "identity.crt"), "--server-defaults")
	require(found["cert_chain_of_trust"][0] in JUDGED, "what is looked at above is looked at", found["cert_chain_of_trust"])
