"""Links between requests: those that travel are noted on both sides; that the same is asked of another State is known to nobody else."""
import json
import os

from lab import require
from puppet import puppet, uuid7


def _links(one, ref):
	return [(link["type"], link.get("inverse", False), link.get("own", False), link["reference"], link["peer"])
		for link in one.request(ref).get("links", [])]


def _ours(one, ref):
	return one.request(ref)["our_reference"]


def _all_that_is_known(one, ref):
	"""What this authority can find out about the request, by all ways there are."""
	known = [one.run("request", "show", ref, "--full").out, one.run("request", "show", ref, "--json").out, one.run("request", "track", ref).out,
		one.run("request", "list", "--json").out, one.run("watch", "--since=0", "--no-follow", "--json").out]
	known += [one.run("message", "show", "--ref", ref, str(number + 1), "--json").out for number in range(len(one.messages(ref)))]
	require(all(known), "all of it is told")
	return "\n".join(known)


def _read(path):
	with open(path, "rb") as file:
		return file.read()


def what_travels_is_noted_on_both_sides(lab):
	xf, xs = lab.pair()
	first = xf.send(xs)
	lab.eventually(lambda: xs.has(first), "the request is there")
	second = xf.draft(xs)
	xf.refused("usage", "request", "link", second)
	xf.refused("usage", "request", "link", second, "--supplements", second)
	xf.refused("usage", "request", "link", second, "--reciprocal", first)
	xf.refused("usage", "request", "link", second, "--parallel", first)
	xf.refused("usage", "request", "link", second, "--supplements", first, "--amends", first)
	xf.refused("not-found", "request", "link", second, "--supplements", "MLA-NOBODY-KNOWS")
	xf.refused("usage", "request", "link", first, "--supplements", second)	# not sent: they know nothing of it
	require(not _links(xf, first) and not _links(xf, second), "what was refused changed nothing")
	for _ in range(2):
		xf.comity("request", "link", second, "--supplements", first)
	document = xf.request(second)["document"]
	require(len(document["related"]) == 1 and document["nature"] == "SUPPLEMENTARY", "the draft says it, once", document)
	xf.comity("request", "unlink", second, first)
	require(not _links(xf, first) and not xf.request(second)["document"].get("related"), "and not any more")
	xf.refused("not-found", "request", "unlink", second, first)
	xf.comity("request", "link", second, "--supplements", first)

	letter = lab.file("second.pdf", b"%PDF-1.7 a letter\n")
	translation = lab.file("second-qab.pdf", b"%PDF-1.7 a translation\n")
	xf.comity("attach", "add", second, letter, "--role", "REQUEST_LETTER", "--language", "en")
	xf.comity("attach", "add", second, translation, "--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS")
	xf.comity("request", "send", second, "--officer", "B. Sandglass")
	lab.eventually(lambda: xs.has(second), "the second is there")
	for one, other in ((xf, xs), (xs, xf)):
		require(_links(one, second) == [("SUPPLEMENTS", False, False, _ours(xf, first), other.name)], "it supplements the first", _links(one, second))
		require(_links(one, first) == [("SUPPLEMENTS", True, False, _ours(xf, second), other.name)], "which is supplemented by it", _links(one, first))
		for command in ("show", "track"):
			require("supplements" in one.run("request", command, second).out, f"{command} says so", one.run("request", command, second).out)
	require("supplemented by" in xs.run("request", "show", first).out, "in words")
	require(f"supplements {_ours(xf, first)}" in xf.run("request", "list").out, "in lists", xf.run("request", "list").out)
	xf.refused("not-found", "request", "unlink", second, first)	# what was sent stands
	xs.comity("request", "link", first, "--renews", second)
	require(("RENEWS", False, True) in [link[:3] for link in _links(xs, first)], "a note of theirs", _links(xs, first))
	require(len(_links(xf, first)) == 1, "which stays there", _links(xf, first))
	xs.comity("request", "unlink", first, second)
	require(len(_links(xs, first)) == 1 and len(_links(xs, second)) == 1, "and goes alone")


def what_is_parallel_never_leaves(lab):
	xf, xs = lab.pair()
	xt = lab.authority("xt-ca")
	lab.add(xf, xt)
	lab.verify(xf, xt)
	ref = xf.send(xs)
	lab.eventually(lambda: xs.has(ref), "the request is there")
	elsewhere = xf.draft(xt)
	xf.comity("request", "link", ref, "--parallel", elsewhere)
	require(_links(xf, ref) == [("PARALLEL_TO", False, True, elsewhere, "xt-ca")], "noted here", _links(xf, ref))
	require(_links(xf, elsewhere) == [("PARALLEL_TO", False, True, ref, "xs-ca")], "in both", _links(xf, elsewhere))
	require("parallel to" in xf.run("request", "show", ref).out and "known to us only" in xf.run("request", "show", ref).out, "and shown")
	xf.refused("usage", "request", "link", elsewhere, "--supplements", ref)

	# A draft to the one that says it, or names a request to the other, by its id or by its reference, does not go.
	draft = xf.draft(xs)
	ids = xf.request(elsewhere)["request"]["request_id"]
	for related in ([{"type": "PARALLEL_TO"}], [{"type": "SUPPLEMENTS", "request_id": ids}], [{"type": "RENEWS", "requesting_reference": elsewhere}]):
		document = xf.request(draft)["document"]
		document["related"] = related
		path = lab.file("related.json", json.dumps(document).encode())
		xf.comity("request", "edit", draft, "--from", path)
		problems = xf.run("request", "validate", draft, "--json").documents()[0]["problems"]
		require("link-elsewhere" in [problem["code"] for problem in problems], "it is found", related, problems)
		xf.refused("incomplete", "request", "send", draft, "--officer", "B. Sandglass")
		acts = lab.file("share.json", json.dumps({"acts": [{"consultation_draft": {"draft": document}}]}).encode())
		xf.refused("bad-document", "message", "send", draft, "--from", acts)

	# What follows says nothing of it either.
	xs.admit(ref)
	lab.eventually(lambda: xf.status(ref) == "ACCEPTED", "the acceptance is there")
	count = len(xs.messages(ref))
	xf.say(ref, "Thank you.\n")
	lab.eventually(lambda: len(xs.messages(ref)) > count, "the thanks are there")
	known = _all_that_is_known(xs, ref)
	for secret in ("xt-ca", "XT-CA", elsewhere, ids, "PARALLEL"):
		require(secret not in known, f"they learn nothing of {secret}")
	evidence = os.path.join(lab.directory, "case.cev")
	xf.comity("evidence", "export", ref, "-o", evidence)
	content = _read(evidence)
	for secret in (b"xt-ca", elsewhere.encode(), ids.encode(), b"PARALLEL"):
		require(secret not in content, f"nor whoever gets the evidence: {secret}")
	xf.comity("request", "unlink", elsewhere, ref)
	require(not _links(xf, ref) and not _links(xf, elsewhere), "it is gone from both")


# ── a hostile peer ──

def what_a_peer_says_of_requests_that_are_not_between_us_links_nothing(lab):
	freedonia, other = puppet(lab)
	relation = other.schema.casework.RelationType
	xt = lab.authority("xt-ca")
	lab.befriend(freedonia, xt)
	secret = freedonia.send(xt)
	lab.eventually(lambda: xt.has(secret), "another State is asked")
	secret_id = freedonia.request(secret)["request"]["request_id"]
	other.connect().greet()

	def ask(*related):
		message = other.request()
		request = message.acts[0].request
		del request.related[:]
		for type, fields in related:
			request.related.add(type=type, **fields)
		return message
	for relates in (relation.SUPPLEMENTS, relation.RENEWS, relation.PARALLEL_TO, relation.RECIPROCAL_TO):
		message = ask((relates, {"request_id": secret_id}), (relates, {"requesting_reference": secret}))
		receipt = other.dispatch(message)
		require("# refused" not in receipt, "what it says is its own affair", receipt)
		require(not _links(freedonia, message.request_id) and not _links(freedonia, secret), "but links nothing here")
		for case in (message.request_id, secret):
			require("xt-ca" not in freedonia.run("request", "show", message.request_id).out, "nor does it name the third", case)

	itself = ask()
	itself.acts[0].request.related.add(type=relation.SUPPLEMENTS, request_id=itself.request_id)
	require("# refused" not in other.dispatch(itself) and not _links(freedonia, itself.request_id), "none is linked to itself")
	first, second = ask(), ask((relation.PARALLEL_TO, {"request_id": itself.request_id}))
	first.acts[0].request.related.add(type=relation.SUPPLEMENTS, request_id=second.request_id)
	second.acts[0].request.related.add(type=relation.SUPPLEMENTS, request_id=first.request_id)
	other.dispatch(first, second)
	require([link[:2] for link in _links(freedonia, second.request_id)] == [("SUPPLEMENTS", False)], "what is not known yet is no link: no circle",
		_links(freedonia, second.request_id), _links(freedonia, first.request_id))
	require([link[:2] for link in _links(freedonia, first.request_id)] == [("SUPPLEMENTS", True)], "and it is noted in the other")

	many = ask(*[(relation.SUPPLEMENTS, {"request_id": first.request_id, "requesting_reference": "R" * 300}) for _ in range(3000)])
	receipt = other.dispatch(many)
	noted = _links(freedonia, many.request_id) if "# refused" not in receipt else []
	require(len(noted) <= 1, "three thousand times the same is once at most", len(noted), receipt)
	crowd = [type(many)() for _ in range(70)]
	for number, last in enumerate(crowd):
		last.CopyFrom(second)
		last.message_id, last.request_id, last.requesting_reference = uuid7(), uuid7(), f"PUPPET/MANY/{number}"
		last.acts[0].request.requesting_reference = last.requesting_reference
		del last.acts[0].request.related[:]
		last.acts[0].request.related.add(type=relation.SUPPLEMENTS, request_id=second.request_id)
	require("# refused" not in other.dispatch(*crowd[:35]) + other.dispatch(*crowd[35:]), "seventy requests that follow one are taken")
	require(len(_links(freedonia, second.request_id)) == 64, "and a case has 64 at most", len(_links(freedonia, second.request_id)))
	require(freedonia.has(last.request_id) and not _links(freedonia, last.request_id), "what is beyond is a request without a link")
